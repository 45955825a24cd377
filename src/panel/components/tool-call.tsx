/** One call of a tool: a line that says what and how long, and opens in place to everything that went in and came out. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ToolBlock } from "../state/answer.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { Counts, DiffView } from "./diff-view.tsx";
import { changesOf, diffIn, type FileChange } from "./file-changes.ts";
import { Icon } from "./icon.tsx";
import { MediaCards } from "./media-cards.tsx";
import { argumentOf, asText } from "./tool-words.ts";

export function ToolCall({ block, waits }: { block: ToolBlock; waits: boolean }) {
  const t = useT();
  const { duration } = useFormats();
  const status = waits ? "waiting" : block.status;
  const [open, setOpen] = useState(false);
  const changes = useMemo(() => changesOf(block), [block.args]);
  return (
    <details class={`fold tool ${status}`} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Icon name="chevron" />
        <span class="tool-name">{block.tool}</span>
        <code class="tool-argument">{argumentOf(block)}</code>
        {changes && <Counts changes={changes} />}
        {status === "ok" ? (
          <span class="unseen">{t("tool.ok")}</span>
        ) : (
          <span class="tool-state">{t(`tool.${status}`)}</span>
        )}
        <span class="tool-time">
          {block.durationMs !== null
            ? duration(block.durationMs)
            : status === "running" && <Elapsed since={block.startedAt} />}
        </span>
      </summary>
      {open && <Inside block={block} changes={changes} />}
    </details>
  );
}

/** Made when it is looked at: results can be long, and most stay closed. */
function Inside({ block, changes }: { block: ToolBlock; changes: readonly FileChange[] | undefined }) {
  const t = useT();
  const args = changes || block.args === undefined || isEmpty(block.args) ? undefined : asText(block.args);
  const shown = useMemo(() => diffIn(block.result ?? ""), [block.result]);
  return (
    <div class="fold-body">
      {changes && <DiffView changes={changes} />}
      {args !== undefined && <Piece title={t("tool.args")} text={args} />}
      {block.output !== "" && block.result === null && (
        <Piece title={t("tool.output")} text={asText(block.output)} growing />
      )}
      {block.result !== null &&
        (block.result === "" ? (
          <p class="meta">{t("tool.no_result")}</p>
        ) : shown ? (
          <DiffView changes={shown} />
        ) : (
          <Piece title={t("tool.result")} text={asText(block.result)} />
        ))}
      {block.status === "unknown" && <p class="meta">{t("tool.unknown_why")}</p>}
      <MediaCards parts={block.media} />
    </div>
  );
}

/** `growing`: its end stays in sight unless the person went away from it. */
function Piece({ title, text, growing = false }: { title: string; text: string; growing?: boolean }) {
  const t = useT();
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (growing && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [growing, text]);
  return (
    <section class="piece">
      <header>
        <span class="piece-title">{title}</span>
        <CopyButton text={() => text} label={t("act.copy")} />
      </header>
      <pre
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
        }}
      >
        {text}
      </pre>
    </section>
  );
}

/** Counts by this browser's clock from when the panel heard of it; a call that was running before shows none. */
function Elapsed({ since }: { since: number | null }) {
  const { now } = usePanel();
  const { duration } = useFormats();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const passed = since === null ? 0 : now() - since;
  return <>{passed >= 1000 ? duration(passed) : ""}</>;
}

function isEmpty(args: unknown): boolean {
  return typeof args === "object" && args !== null && Object.keys(args).length === 0;
}
