/** What waits for the person: open questions about tool calls, and how those seen here ended. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { isTopic } from "../../client/client.ts";
import type { Approval, approvalDecision } from "../../protocol/approval.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventData, EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";

export type Question = Pick<
  Approval,
  "approval_id" | "tool" | "plan" | "reason" | "pattern" | "run_id" | "call_id" | "session_key" | "expires_at"
>;
export type Decision = (typeof approvalDecision)["options"][number];
export type Outcome = Pick<EventData<"approval.resolved">, "decision" | "by">;

export interface Approvals {
  /** The oldest first. */
  readonly waiting: ReadonlySignal<readonly Question[]>;
  readonly outcomes: ReadonlySignal<ReadonlyMap<string, { readonly question: Question; readonly outcome: Outcome }>>;
  load(): Promise<void>;
  /** Rejects with `AlephError` when the answer did not arrive; an earlier answer of someone else is no error. */
  resolve(approvalId: string, decision: Decision): Promise<void>;
  handle(event: EventFrame): void;
}

export function createApprovals(call: Call): Approvals {
  const waiting = signal<readonly Question[]>([]);
  const outcomes = signal<ReadonlyMap<string, { question: Question; outcome: Outcome }>>(new Map());

  async function load(): Promise<void> {
    const { approvals } = await call("approvals.list", { status: "pending" });
    waiting.value = approvals.toSorted((a, b) => a.created_at - b.created_at);
  }

  function close(approvalId: string, outcome: Outcome): void {
    const question = waiting.peek().find(({ approval_id }) => approval_id === approvalId);
    if (!question) return;
    waiting.value = waiting.peek().filter((other) => other !== question);
    outcomes.value = new Map(outcomes.peek()).set(approvalId, { question, outcome });
  }

  return {
    waiting,
    outcomes,
    load,
    async resolve(approvalId, decision) {
      try {
        const approval = await call("approvals.resolve", { approval_id: approvalId, decision });
        close(approvalId, { decision: approval.decision ?? decision, by: null });
      } catch (error) {
        if (!(error instanceof AlephError) || (error.reason !== "conflict" && error.reason !== "not_found"))
          throw error;
        await load();
      }
    },
    handle(event) {
      if (isTopic(event, "approval.requested")) {
        const question = event.data as Question;
        const others = waiting.peek().filter(({ approval_id }) => approval_id !== question.approval_id);
        waiting.value = [...others, question];
      }
      if (isTopic(event, "approval.resolved")) close(event.data.approval_id, event.data);
    },
  };
}
