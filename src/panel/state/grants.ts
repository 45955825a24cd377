/** What the owner allowed for longer than once: read when its page is opened, and again whenever that changes. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ApprovalGrant } from "../../protocol/approval.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

export interface Grants {
  /** Undefined until it is known; the oldest first. */
  readonly list: ReadonlySignal<readonly ApprovalGrant[] | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** Rejects with the server's reason. */
  revoke(approvalId: string): Promise<void>;
  handle(event: EventFrame): void;
}

export function createGrants(call: Call): Grants {
  const list = signal<readonly ApprovalGrant[] | undefined>(undefined);
  const phase = signal<Phase>(LOADING);

  async function load(): Promise<void> {
    try {
      list.value = (await call("approvals.grants", {})).grants;
      phase.value = READY;
    } catch (error) {
      phase.value = failed(error);
    }
  }

  return {
    list,
    phase,
    load,
    async revoke(approvalId) {
      await call("approvals.revoke", { approval_id: approvalId });
      list.value = list.peek()?.filter(({ approval_id }) => approval_id !== approvalId);
    },
    handle({ topic }) {
      const changes = topic === "approval.resolved" || topic === "approval.revoked" || topic === "session.deleted";
      if (changes && list.peek()) void load();
    },
  };
}
