/** What a server says of its tools now beside what it said before, word by word; long stretches that are the same fold. */
import { useMemo } from "preact/hooks";
import { type DiffPart, diffWords } from "../../lib/text-diff.ts";
import type { ShownServer } from "../state/mcp.ts";
import { useT } from "./context.ts";
import { exactText } from "./tool-words.ts";

type Change = NonNullable<ShownServer["pending"]>["changes"][number];

/** Lines of what is the same that stay in sight beside a change. */
const CONTEXT = 2;

export function DefinitionDiff({ server, change: whole }: { server: string; change: Change }) {
  const { tool, change, before = "", after = "" } = whole;
  const t = useT();
  const parts = useMemo(() => diffWords(exactText(before), exactText(after)), [before, after]);
  return (
    <div class="piece">
      <h3 class="piece-title">
        <code>{tool}</code> <span class={`change ${change}`}>{t(`mcp.change_${change}`)}</span>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="diff" tabIndex={0} aria-label={t("mcp.diff_of", { tool, server })}>
        {parts.map((part, index) => (
          <Part key={index} part={part} first={index === 0} last={index === parts.length - 1} />
        ))}
      </section>
    </div>
  );
}

function Part({ part: { kind, text }, first, last }: { part: DiffPart; first: boolean; last: boolean }) {
  const t = useT();
  if (kind === "removed") return <del>{text}</del>;
  if (kind === "added") return <ins>{text}</ins>;
  const lines = text.split("\n");
  const [head, tail] = [first ? 0 : CONTEXT, last ? 0 : CONTEXT];
  const folded = lines.slice(head, lines.length - tail);
  if (folded.length <= CONTEXT) return <span>{text}</span>;
  return (
    <>
      <span>{lines.slice(0, head).join("\n")}</span>
      <details class="same">
        <summary>{t("mcp.same", { count: folded.length })}</summary>
        {folded.join("\n")}
      </details>
      <span>{lines.slice(lines.length - tail).join("\n")}</span>
    </>
  );
}
