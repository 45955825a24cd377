/** The page of one conversation, and of one that does not exist yet. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApprovalCard } from "../components/approval-card.tsx";
import { Composer, type Setting } from "../components/composer.tsx";
import { usePanel, useT } from "../components/context.ts";
import { ConversationView } from "../components/conversation-view.tsx";
import { Empty } from "../components/empty.tsx";
import { FindBar } from "../components/find-bar.tsx";
import { PageHead } from "../components/page-head.tsx";
import { titleOf } from "../components/session-words.ts";
import type { Outgoing } from "../state/conversation.ts";

export function NewPage() {
  const t = useT();
  const { connection, router, conversation } = usePanel();
  const [setting, setSetting] = useState<Required<Setting>>({ model: null, thinking: null });
  /** Made at the first try to send, kept for the next one. */
  const made = useRef<string | undefined>(undefined);
  const send = useCallback(
    async (message: Outgoing) => {
      made.current ??= (await connection.call("session.create", setting)).session_key;
      const key = made.current;
      await conversation(key).send(message);
      router.go({ page: "session", key });
    },
    [connection, conversation, router, setting],
  );
  const say = (message: string) =>
    void send({ message }).catch(() => "the composer says what is wrong with the connection");
  return (
    <>
      <PageHead title={t("session.untitled")} />
      <Empty onSay={say} />
      <Composer
        place="new"
        setting={setting}
        activeRun={undefined}
        onSetting={async (change) => {
          made.current = undefined;
          setSetting({ ...setting, ...change });
        }}
        onSend={send}
        onStop={async () => undefined}
      />
    </>
  );
}

export function SessionPage({ sessionKey, at }: { sessionKey: string; at: string | undefined }) {
  const t = useT();
  const panel = usePanel();
  const conversation = useMemo(() => panel.conversation(sessionKey), [panel, sessionKey]);
  const session = conversation.session.value;
  const activeRun = conversation.activeRun.value;
  const row = panel.sessions.rows.value.find(({ session_key }) => session_key === sessionKey);
  const updatedAt = row?.updated_at;

  useEffect(() => {
    const see = () => {
      if (updatedAt !== undefined && !document.hidden) panel.sessions.markSeen(sessionKey);
    };
    see();
    document.addEventListener("visibilitychange", see);
    return () => document.removeEventListener("visibilitychange", see);
  }, [panel, sessionKey, updatedAt]);

  const send = useCallback((message: Outgoing) => conversation.send(message), [conversation]);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const say = useCallback(
    (message: string) => {
      setTrouble(undefined);
      conversation
        .send({ message })
        .catch((error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)));
    },
    [conversation],
  );
  const phase = conversation.phase.value;
  // Questions about calls outside of any run that is shown.
  const waiting = panel.approvals.waiting.value;
  const shown = new Set(conversation.entries.value.map((entry) => (entry.kind === "answer" ? entry.runId : undefined)));
  const loose = waiting.filter(({ session_key, run_id }) => session_key === sessionKey && !shown.has(run_id ?? ""));
  return (
    <>
      <PageHead title={row ? titleOf(row, t) : session ? titleOf(session, t) : ""} />
      {panel.finding.value && <FindBar key={sessionKey} sessionKey={sessionKey} />}
      <ConversationView conversation={conversation} at={at} onSay={say} empty={<Empty onSay={say} />} />
      {loose.length > 0 && (
        <div class="loose column">
          {loose.map((question) => (
            <ApprovalCard key={question.approval_id} question={question} first={question === waiting[0]} />
          ))}
        </div>
      )}
      {trouble !== undefined && (
        <p class="composer-state failed" role="alert">
          {t("composer.not_sent", { why: trouble })}
        </p>
      )}
      {phase.kind !== "failed" && (
        <Composer
          key={sessionKey}
          place={sessionKey}
          setting={{ model: session?.model ?? null, thinking: session?.thinking ?? null }}
          activeRun={activeRun}
          conversation={conversation}
          onSetting={(change) => conversation.patch(change)}
          onSend={send}
          onStop={(runId, how) => conversation.stop(runId, how)}
        />
      )}
    </>
  );
}
