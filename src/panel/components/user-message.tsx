/** What the person wrote, exactly as they wrote it. */
import type { UserEntry } from "../state/timeline.ts";
import { useFormats, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { MediaCards } from "./media-cards.tsx";

export function UserMessage({ entry, onUnqueue }: { entry: UserEntry; onUnqueue: (runId: string) => void }) {
  const t = useT();
  const { time } = useFormats();
  const { message, queuedRun } = entry;
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
  const media = message.parts.filter((part) => part.type === "media");
  return (
    <article class={queuedRun ? "said queued" : "said"} aria-label={t("chat.you")}>
      <div class="said-text">
        {text}
        <MediaCards parts={media} />
      </div>
      <footer class="under">
        {queuedRun ? (
          <>
            <span class="meta">{t("chat.queued")}</span>
            <button type="button" class="link" onClick={() => onUnqueue(queuedRun)}>
              {t("chat.queued_remove")}
            </button>
          </>
        ) : (
          <div class="on-hover">
            <span class="meta">{time(message.ts)}</span>
            <CopyButton text={() => text} label={t("act.copy")} />
          </div>
        )}
      </footer>
    </article>
  );
}
