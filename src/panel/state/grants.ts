/** What the owner allowed for longer than once: read when its page is opened, and again whenever that changes. */
import type { ReadonlySignal } from "@preact/signals";
import type { ApprovalGrant } from "../../protocol/approval.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export interface Grants {
  /** Undefined until it is known; the oldest first. */
  readonly list: ReadonlySignal<readonly ApprovalGrant[] | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** As `load`, where it was loaded before. */
  renew(): Promise<void>;
  /** Rejects with the server's reason. */
  revoke(approvalId: string): Promise<void>;
  handle(event: EventFrame): void;
}

export function createGrants(call: Call): Grants {
  const { value, phase, load, renew } = createLoaded<readonly ApprovalGrant[]>(
    async () => (await call("approvals.grants", {})).grants,
  );
  return {
    list: value,
    phase,
    load,
    renew,
    async revoke(approvalId) {
      await call("approvals.revoke", { approval_id: approvalId });
      await load();
    },
    handle({ topic }) {
      const changes = topic === "approval.resolved" || topic === "approval.revoked" || topic === "session.deleted";
      if (changes) void renew();
    },
  };
}
