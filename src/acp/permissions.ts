/** Approvals asked in the editor: it shows the whole plan, and its answer is the decision. */
import { type AgentContext, methods, type PermissionOption } from "@agentclientprotocol/sdk";
import type { Client } from "../client/client.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData } from "../protocol/events.ts";
import { beginCall, type Locate, textContent } from "./updates.ts";

type Asked = EventData<"approval.requested">;

const ONCE: PermissionOption = { optionId: "once", name: "Allow once", kind: "allow_once" };
const SESSION: PermissionOption = { optionId: "session", name: "Allow in this session", kind: "allow_always" };
const ALWAYS: PermissionOption = { optionId: "always", name: "Always allow", kind: "allow_always" };
const DENY: PermissionOption = { optionId: "deny", name: "Deny", kind: "reject_once" };

export interface PermissionsOptions {
  readonly client: Pick<Client, "call">;
  readonly editor: Pick<AgentContext, "request">;
  readonly warn: (text: string) => void;
}

export class Permissions {
  readonly #o: PermissionsOptions;
  readonly #open = new Map<string, AbortController>();

  constructor(options: PermissionsOptions) {
    this.#o = options;
  }

  /** Resolves when it is answered, here or elsewhere. */
  async ask(sessionId: string, asked: Asked, locate: Locate): Promise<void> {
    const { approval_id, tool, plan, reason, pattern, call_id } = asked;
    if (this.#open.has(approval_id)) return;
    const elsewhere = new AbortController();
    this.#open.set(approval_id, elsewhere);
    const shown = beginCall(call_id ?? approval_id, { tool, args: plan }, locate);
    const { sessionUpdate: _kind, ...toolCall } = shown as Extract<typeof shown, { sessionUpdate: "tool_call" }>;
    const options = [ONCE, SESSION, ...(pattern === null ? [] : [ALWAYS]), DENY];
    const whole = [
      `${reason}\n\n${wholeText(plan)}`,
      ...(pattern ? [`Always would allow:\n${wholeText(pattern)}`] : []),
    ];
    try {
      const { outcome } = await this.#o.editor.request(
        methods.client.session.requestPermission,
        {
          sessionId,
          toolCall: {
            ...toolCall,
            title: `${tool}: ${reason}`,
            status: "pending",
            content: [...(toolCall.content ?? []), ...whole.map(textContent)],
          },
          options,
        },
        { cancellationSignal: elsewhere.signal, stopWaitingOnCancel: true },
      );
      if (elsewhere.signal.aborted) return;
      const chosen =
        outcome.outcome === "selected" ? options.find(({ optionId }) => optionId === outcome.optionId) : DENY;
      const decision = ((chosen ?? DENY).optionId ?? "deny") as "once" | "session" | "always" | "deny";
      await this.#o.client.call("approvals.resolve", { approval_id, decision });
    } catch (thrown) {
      // It was answered elsewhere, or has expired meanwhile.
      if (elsewhere.signal.aborted || (thrown instanceof AlephError && thrown.reason === "conflict")) return;
      this.#o.warn(`A question could not be answered from the editor: ${(thrown as Error).message}`);
    } finally {
      this.#open.delete(approval_id);
    }
  }

  /** It is answered: the editor need not ask any more. */
  close(approvalId: string): void {
    this.#open.get(approvalId)?.abort();
  }
}

/** Nothing is left out: who answers must see all that would run. */
function wholeText(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${fence}json\n${text}\n${fence}`;
}
