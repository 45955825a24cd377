/** Tells those who do not look: readers of the screen, the title of the tab, and, if wanted, a notification. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { isTopic } from "../../client/client.ts";
import { notify } from "../application.ts";
import { hashOf } from "../state/router.ts";
import { useShell, useT } from "./context.ts";
import { titleOf } from "./session-words.ts";
import { asText } from "./tool-words.ts";

const SPOKEN = 240;

export function Announcer() {
  const t = useT();
  const { panel } = useShell();
  const [polite, setPolite] = useState("");
  const [urgent, setUrgent] = useState("");

  useEffect(() => {
    const listener = panel.onEvent((event) => {
      const place = panel.router.place.peek();
      const here = place.page === "session" && "session_key" in event.data && event.data.session_key === place.key;
      if (isTopic(event, "agent.completed") && here) {
        const { text } = event.data;
        setPolite(t("say.answered", { text: text.length > SPOKEN ? `${text.slice(0, SPOKEN)}…` : text }));
      }
      if (isTopic(event, "agent.error") && here) setUrgent(t("say.failed", { message: event.data.error.message }));
      if (isTopic(event, "auth.pairing_requested")) {
        const words = t("say.pairing", { name: asText(event.data.name) });
        setUrgent(words);
        if (panel.preferences.notify.peek() && document.hidden)
          void notify(words, { tag: event.data.pairing_id, place: hashOf({ page: "devices" }) });
      }
      if (isTopic(event, "approval.requested")) {
        const words = t("say.waits", { tool: event.data.tool, reason: event.data.reason });
        setUrgent(words);
        const { session_key: key, approval_id: tag } = event.data;
        const place = hashOf(typeof key === "string" ? { page: "session", key } : { page: "approvals" });
        if (panel.preferences.notify.peek() && document.hidden) void notify(words, { tag, place });
      }
    });
    return () => listener[Symbol.dispose]();
  }, [panel, t]);

  const wasLost = useRef(false);
  useSignalEffect(() => {
    const { kind } = panel.connection.link.value;
    if (kind === "connected" && wasLost.current) setPolite(t("say.connected"));
    wasLost.current = kind === "lost" || (wasLost.current && kind !== "connected");
  });

  useSignalEffect(() => {
    const place = panel.router.place.value;
    const waiting = panel.approvals.waiting.value.length + panel.access.pairings.value.length;
    const session =
      place.page === "session" && panel.sessions.rows.value.find(({ session_key }) => session_key === place.key);
    const parts = [
      waiting > 0 && `(${waiting}) ${t("approval.title")}`,
      session && session.active_run !== null && "…",
      session && titleOf(session, t),
      t("app.name"),
    ];
    document.title = parts.filter((part) => typeof part === "string").join(" · ");
  });

  return (
    <>
      <div class="unseen" aria-live="polite">
        {polite}
      </div>
      <div class="unseen" aria-live="assertive">
        {urgent}
      </div>
    </>
  );
}
