/** Rows of the audit for what is no tool call: answers to approvals, changes of the config, what plugins tried. */
import type { EventData } from "../../protocol/events.ts";
import type { Subscriber } from "../../sdk/bus.ts";
import type { Audit } from "./audit.ts";

export function auditEvents(audit: Pick<Audit, "add">): Subscriber {
  return {
    deliver({ event: { topic, data } }) {
      if (topic === "approval.resolved") {
        const { approval_id, decision, by, run_id, session_key } = data as EventData<"approval.resolved">;
        const detail = { approval_id, decision };
        audit.add({ kind: "approval", identity: by, sessionKey: session_key, runId: run_id, detail });
      } else if (topic === "config.changed") {
        audit.add({ kind: "config", detail: { ...(data as EventData<"config.changed">) } });
      } else if (topic === "plugin.denied" || topic === "plugin.loaded" || topic === "plugin.unloaded") {
        audit.add({ kind: "plugin", detail: { event: topic, ...data } });
      }
    },
  };
}
