/** The rows of a conversation with what belongs around them: loading, nothing yet, failed, and the way to the newest. */
import type { ComponentChildren, RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Conversation } from "../state/conversation.ts";
import { hashOf } from "../state/router.ts";
import type { Entry } from "../state/timeline.ts";
import { AnswerView } from "./answer-view.tsx";
import { copyText } from "./clipboard.ts";
import { usePanel, useT } from "./context.ts";
import { Failure } from "./failure.tsx";
import { Icon } from "./icon.tsx";
import { isLetter } from "./keys.ts";
import { Late } from "./late.tsx";
import { TextBlock } from "./text-block.tsx";
import { UserMessage } from "./user-message.tsx";
import { type ListControls, VirtualList } from "./virtual-list.tsx";

export interface ConversationViewProps {
  readonly conversation: Conversation;
  /** The message to open it at, instead of at its end. */
  readonly at: string | undefined;
  readonly onSay: (text: string) => void;
  readonly empty: ComponentChildren;
}

export function ConversationView({ conversation, at, onSay, empty }: ConversationViewProps) {
  const t = useT();
  const [following, setFollowing] = useState(true);
  const controls = useRef<ListControls | undefined>(undefined);
  const phase = conversation.phase.value;
  const entries = conversation.entries.value;

  const render = useCallback(
    (entry: Entry) => <div class="column">{row(entry, conversation, onSay)}</div>,
    [conversation, onSay],
  );
  const nearStart = useCallback(() => {
    if (conversation.hasOlder.peek() && conversation.olderPhase.peek().kind === "ready") void conversation.loadOlder();
  }, [conversation]);
  const keep = useCallback((given: ListControls) => {
    controls.current = given;
  }, []);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.altKey && isLetter(event, "a") && toApproval(conversation, controls.current)) event.preventDefault();
      if (event.altKey && event.key === "End") controls.current?.toEnd();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [conversation]);

  const isReady = phase.kind === "ready" && entries.length > 0;
  useEffect(() => {
    if (at === undefined || !isReady) return;
    void conversation.reveal(at).then((key) => {
      if (key === undefined) return;
      showFound(controls, key, FRAMES);
    });
  }, [conversation, at, isReady]);

  if (phase.kind === "loading") return <Late>{t("chat.loading")}</Late>;
  if (phase.kind === "failed") {
    return phase.trouble.reason === "not_found" || phase.trouble.reason === "invalid_params" ? (
      <div class="middle">
        <h2>{t("session.gone")}</h2>
        <p class="aside">{t("session.gone_next")}</p>
      </div>
    ) : (
      <div class="middle">
        <Failure trouble={phase.trouble} onRetry={() => conversation.load()} />
      </div>
    );
  }
  if (entries.length === 0) return <>{empty}</>;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside set text, which has no components, are heard here
    // biome-ignore lint/a11y/useKeyWithClickEvents: a key on such a button clicks it
    <div class="conversation" onClick={codeAct}>
      <VirtualList
        items={entries}
        label={t("chat.label")}
        estimate={estimate}
        render={render}
        onNearStart={nearStart}
        onFollow={setFollowing}
        controls={keep}
      />
      <Older conversation={conversation} />
      <Kept conversation={conversation} />
      {!following && <Pill conversation={conversation} onGo={() => controls.current?.toEnd()} />}
    </div>
  );
}

function row(entry: Entry, conversation: Conversation, onSay: (text: string) => void) {
  if (entry.kind === "user") {
    return <UserMessage entry={entry} conversation={conversation} />;
  }
  if (entry.kind === "answer") return <AnswerView entry={entry} conversation={conversation} onSay={onSay} />;
  return (
    <div class="note">
      <TextBlock text={entry.message.content} growing={false} />
    </div>
  );
}

/** The way to the newest, and whether there is something new since the person went away from it. */
function Pill({ conversation, onGo }: { conversation: Conversation; onGo: () => void }) {
  const t = useT();
  const { approvals } = usePanel();
  const waits = approvals.waiting.value.some(({ session_key }) => session_key === conversation.key);
  const run = conversation.activeRun.value;
  const mark = `${conversation.entries.value.length} ${run === undefined ? "" : conversation.live(run)?.value.seq}`;
  const seen = useRef(mark);
  const fresh = seen.current !== mark;
  return (
    <button
      type="button"
      class={waits ? "pill waits" : fresh ? "pill fresh" : "pill"}
      aria-label={t(waits ? "chat.waits_below" : fresh ? "chat.new_below" : "chat.to_end")}
      onClick={onGo}
    >
      {waits ? t("chat.waits_below") : fresh && t("chat.new_below")}
      <Icon name="down" />
    </button>
  );
}

/** After going back: where it is kept as it was. */
function Kept({ conversation }: { conversation: Conversation }) {
  const t = useT();
  const key = conversation.keptIn.value;
  if (key === undefined) return null;
  return (
    <p class="kept meta" role="status">
      {t("chat.kept")} <a href={hashOf({ page: "session", key })}>{t("chat.kept_open")}</a>
      <button
        type="button"
        class="icon-button small"
        aria-label={t("act.close")}
        onClick={() => {
          conversation.keptIn.value = undefined;
        }}
      >
        <Icon name="close" />
      </button>
    </p>
  );
}

function Older({ conversation }: { conversation: Conversation }) {
  const t = useT();
  const phase = conversation.olderPhase.value;
  if (phase.kind === "ready") return null;
  return (
    <div class="older">
      {phase.kind === "loading" ? (
        <Late>{t("chat.older")}</Late>
      ) : (
        <>
          {t("chat.older_failed")} {phase.trouble.message}.{" "}
          <button type="button" class="link" onClick={() => void conversation.loadOlder()}>
            {t("act.retry")}
          </button>
        </>
      )}
    </div>
  );
}

/** How long rows that were just read may take to be there. */
const FRAMES = 120;

/** Goes to the row that was looked for and marks it, and no other one. */
function showFound(controls: RefObject<ListControls | undefined>, key: string, frames: number): void {
  controls.current?.toRow(key);
  requestAnimationFrame(() => {
    const rows = [...document.querySelectorAll<HTMLElement>(".row")];
    for (const row of rows) row.classList.toggle("found", row.dataset.key === key);
    if (frames > 0 && !rows.some(({ dataset }) => dataset.key === key)) showFound(controls, key, frames - 1);
  });
}

function toApproval(conversation: Conversation, controls: ListControls | undefined): boolean {
  const find = () => document.querySelector<HTMLElement>("[data-approval]");
  const card = find();
  if (card) {
    card.scrollIntoView({ block: "nearest" });
    card.focus();
    return true;
  }
  const run = conversation.activeRun.peek();
  if (run === undefined || !controls) return false;
  controls.toRow(`r:${run}`);
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
  return true;
}

/** The buttons on code blocks. */
function codeAct(event: MouseEvent): void {
  const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("button[data-act]") : null;
  const figure = button?.closest("figure.code");
  if (!button || !figure) return;
  if (button.dataset.act === "wrap") {
    button.setAttribute("aria-pressed", String(figure.classList.toggle("wrapped")));
    return;
  }
  const text = figure.querySelector("code")?.textContent.replace(/\n$/, "") ?? "";
  const { label = "", done = "" } = button.dataset;
  const say = (words: string) => {
    button.textContent = words;
  };
  copyText(text).then(
    () => {
      say(done);
      setTimeout(() => say(label), 1500);
    },
    () => say(label),
  );
}

/** A guess for rows that were never in sight; a better one makes the scroll bar steadier, nothing else. */
function estimate(entry: Entry): number {
  const text = entry.kind === "answer" ? entry.messages : [entry.message];
  const characters = text.reduce((sum, { role, content }) => sum + (role === "tool" ? 30 : content.length), 0);
  return 64 + Math.ceil(characters / 76) * 24;
}
