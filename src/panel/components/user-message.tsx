/** What the person wrote, exactly as they wrote it; it can be written anew, and what waits can be taken back. */
import { useEffect, useRef } from "preact/hooks";
import type { Conversation } from "../state/conversation.ts";
import { textOf } from "../state/rework.ts";
import type { UserEntry } from "../state/timeline.ts";
import { useFormats, useShell, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icon.tsx";
import { isMod } from "./keys.ts";
import { MediaCards } from "./media-cards.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export interface UserMessageProps {
  readonly entry: UserEntry;
  readonly conversation: Conversation;
}

export function UserMessage({ entry, conversation }: UserMessageProps) {
  const t = useT();
  const { message, queuedRun } = entry;
  const media = message.parts.filter((part) => part.type === "media");
  const isEdited = conversation.editing.value?.messageId === message.id;
  const look = ["said", queuedRun && "queued", isEdited && "edited"].filter(Boolean).join(" ");
  return (
    <article class={look} aria-label={t("chat.you")}>
      {isEdited ? (
        <EditForm entry={entry} conversation={conversation} />
      ) : (
        <div class="said-text">
          {textOf(message)}
          <MediaCards parts={media} />
        </div>
      )}
      {queuedRun ? (
        <Queued entry={entry} runId={queuedRun} conversation={conversation} />
      ) : (
        !isEdited && <Acts entry={entry} conversation={conversation} />
      )}
    </article>
  );
}

function Acts({ entry: { message }, conversation }: UserMessageProps) {
  const t = useT();
  const { time } = useFormats();
  const { openDialog } = useShell();
  const text = textOf(message);
  const isFree = conversation.activeRun.value === undefined;
  return (
    <footer class="under">
      <div class="on-hover">
        <span class="meta">{time(message.ts)}</span>
        <CopyButton text={() => text} label={t("act.copy")} />
        {isFree && (
          <>
            <button
              type="button"
              class="icon-button small"
              aria-label={t("chat.edit")}
              title={t("chat.edit")}
              onClick={() => {
                conversation.editing.value = { messageId: message.id, text };
              }}
            >
              <Icon name="edit" />
            </button>
            <button
              type="button"
              class="icon-button small"
              aria-label={t("chat.delete")}
              title={t("chat.delete")}
              onClick={() =>
                openDialog({
                  kind: "confirm",
                  title: t("chat.delete_title"),
                  text: t("chat.delete_text"),
                  label: t("chat.delete"),
                  act: () => conversation.removeFrom(message.id),
                })
              }
            >
              <Icon name="delete" />
            </button>
          </>
        )}
      </div>
    </footer>
  );
}

/** A message that waits: it can go to the answer that is under way, or back to where it was written. */
function Queued({ entry: { message }, runId, conversation }: UserMessageProps & { readonly runId: string }) {
  const t = useT();
  const { panel } = useShell();
  const { busy, trouble, run } = useAct();
  const active = conversation.activeRun.value;
  return (
    <footer class="under queued-acts">
      <span class="meta">{t("chat.queued")}</span>
      {active !== undefined && (
        <button
          type="button"
          class="link"
          disabled={busy}
          onClick={() => run(() => conversation.addNow({ runId, message }))}
        >
          {t("chat.queued_now")}
        </button>
      )}
      <button
        type="button"
        class="link"
        disabled={busy}
        onClick={() =>
          run(
            () => conversation.stop(runId, "cancel"),
            () => {
              panel.offered.value = textOf(message);
            },
          )
        }
      >
        {t("chat.queued_remove")}
      </button>
      <Trouble text={trouble} />
    </footer>
  );
}

/** What is written here lives with the conversation: scrolling away loses nothing. */
function EditForm({ entry: { message }, conversation }: UserMessageProps) {
  const t = useT();
  const field = useRef<HTMLTextAreaElement>(null);
  const { busy, trouble, run } = useAct();
  const text = conversation.editing.value?.text ?? "";
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, []);
  const close = () => {
    conversation.editing.value = undefined;
    document.getElementById("composer")?.focus();
  };
  const send = () => {
    // What is in the field now: the state follows it by a frame.
    const written = field.current?.value ?? text;
    if (written.trim() !== "") run(() => conversation.askAgain(message, written), close);
  };
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        class="field"
        rows={Math.min(12, text.split("\n").length + 1)}
        aria-label={t("chat.edit_label")}
        value={text}
        readOnly={busy}
        onInput={({ currentTarget }) => {
          conversation.editing.value = { messageId: message.id, text: currentTarget.value };
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.isComposing) {
            event.stopPropagation();
            close();
          }
          if (event.key === "Enter" && isMod(event)) {
            event.preventDefault();
            send();
          }
        }}
      />
      <p class="meta">{t("chat.edit_text")}</p>
      <Trouble text={trouble} />
      <div class="dialog-acts">
        <button type="button" class="button" onClick={close}>
          {t("act.cancel")}
        </button>
        <button type="submit" class="button primary" disabled={busy || text.trim() === ""}>
          {t("chat.edit_send")}
        </button>
      </div>
    </form>
  );
}
