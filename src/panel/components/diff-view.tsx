/** Changes of files, line by line: what goes, what comes, and what stays around it. */
import { useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { countsOf, type DiffLine, type FileChange } from "./file-changes.ts";
import { asText } from "./tool-words.ts";

const SIGNS: Readonly<Record<DiffLine["kind"], string>> = { same: " ", removed: "-", added: "+", place: "" };
/** More lines of one file are not shown: the page would stand still. */
const MOST = 2000;

export function DiffView({ changes }: { changes: readonly FileChange[] }) {
  const t = useT();
  return (
    <>
      {changes.map((change, index) => {
        const { path, lines } = change;
        return (
          <section key={index} class="piece" aria-label={t("tool.changes_of", { path })}>
            <header>
              <span class="piece-title">
                <code>{asText(path)}</code> <Counts changes={[change]} />
              </span>
              <CopyButton text={() => textOf(lines)} label={t("act.copy")} />
            </header>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <pre class="lines-diff" tabIndex={0}>
              {lines.slice(0, MOST).map(({ kind, text }, at) => (
                <span key={at} class={`is-${kind}`}>
                  {SIGNS[kind]}
                  {asText(text)}
                  {"\n"}
                </span>
              ))}
            </pre>
            {lines.length > MOST && <p class="meta">{t("tool.more_lines", { count: lines.length - MOST })}</p>}
          </section>
        );
      })}
    </>
  );
}

export function Counts({ changes }: { changes: readonly FileChange[] }) {
  const { added, removed } = countsOf(changes);
  return (
    <span class="counts">
      {added > 0 && <span class="is-added">+{added}</span>} {removed > 0 && <span class="is-removed">−{removed}</span>}
    </span>
  );
}

function textOf(lines: readonly DiffLine[]): string {
  return lines.map(({ kind, text }) => SIGNS[kind] + text).join("\n");
}
