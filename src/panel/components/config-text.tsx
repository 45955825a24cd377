/** config.toml as text: checked by the server while it is written, compared before it is saved. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { diffLines } from "../../lib/text-diff.ts";
import type { TextEditor } from "../state/config-editor.ts";
import { useT } from "./context.ts";
import { Failure } from "./failure.tsx";
import { Late } from "./late.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const PAUSE_MS = 400;

export function ConfigText({ editor }: { editor: TextEditor }) {
  const t = useT();
  const field = useRef<HTMLTextAreaElement>(null);
  const { busy, trouble, run } = useAct();
  const [isReview, setReview] = useState(false);
  const [said, setSaid] = useState("");
  const saved = editor.saved.value;
  const draft = editor.draft.value;
  const phase = editor.phase.value;
  const verdict = editor.verdict.value;
  useEffect(() => {
    if (editor.saved.peek() === undefined) void editor.load();
  }, [editor]);
  useEffect(() => {
    if (saved === undefined || draft === saved) return;
    const timer = setTimeout(() => void editor.check(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft, saved]);
  if (phase.kind === "failed") return <Failure trouble={phase.trouble} onRetry={() => editor.load()} />;
  if (saved === undefined) return <Late>{t("config.loading")}</Late>;
  const isChanged = draft !== saved;
  const issues = verdict?.issues ?? [];
  const goTo = (line: number | undefined, column = 1) => {
    const at = placeOf(draft, line ?? 1, column);
    field.current?.focus();
    field.current?.setSelectionRange(at, at);
  };
  return (
    <div class="config-text">
      {editor.stale.value && (
        <p class="line warn" role="alert">
          {t("config.stale")}
          <button type="button" class="link" onClick={() => void editor.load()}>
            {t("config.read_again")}
          </button>
        </p>
      )}
      <textarea
        ref={field}
        class="field code-field config-source"
        aria-label={t("config.source")}
        aria-invalid={issues.length > 0}
        spellcheck={false}
        autocomplete="off"
        wrap="off"
        value={draft}
        onInput={({ currentTarget }) => {
          editor.write(currentTarget.value);
          setReview(false);
          setSaid("");
        }}
      />
      <p class="meta">{t(saved === "" ? "config.empty" : "config.masked")}</p>
      <div role="status">
        {verdict === undefined ? (
          <p class="meta">{t("config.checking")}</p>
        ) : issues.length === 0 ? (
          <p class="meta">
            {said} {t("config.valid")}{" "}
            {verdict.changed.length > 0 && t("config.would_change", { names: verdict.changed.join(", ") })}
          </p>
        ) : (
          <ul class="failed issues">
            {issues.map(({ path, message, line, column }) => (
              <li key={`${path} ${message} ${line}`}>
                <button type="button" class="link" onClick={() => goTo(line, column)}>
                  {column === undefined
                    ? t("config.at_line", { line: line ?? 1 })
                    : t("config.at_column", { line: line ?? 1, column })}
                </button>{" "}
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        )}
      </div>
      {isReview && isChanged && <Comparison before={saved} after={draft} />}
      <Trouble text={trouble} />
      <div class="form-acts">
        {isReview && isChanged ? (
          <button
            type="button"
            class="button primary"
            disabled={busy || issues.length > 0}
            onClick={() =>
              run(
                () => editor.save(),
                () => {
                  setReview(false);
                  setSaid(t("config.saved"));
                },
              )
            }
          >
            {t("act.save")}
          </button>
        ) : (
          <button
            type="button"
            class="button primary"
            disabled={!isChanged || issues.length > 0}
            onClick={() => setReview(true)}
          >
            {t("config.review")}
          </button>
        )}
        <button type="button" class="button" disabled={!isChanged || busy} onClick={() => editor.write(saved)}>
          {t("config.forget")}
        </button>
      </div>
    </div>
  );
}

function Comparison({ before, after }: { before: string; after: string }) {
  const t = useT();
  const parts = useMemo(() => diffLines(before, after), [before, after]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="diff" tabIndex={0} aria-label={t("config.comparison")}>
      {parts.map(({ kind, text }, index) => {
        if (kind === "removed") return <del key={index}>{text}</del>;
        if (kind === "added") return <ins key={index}>{text}</ins>;
        return <span key={index}>{around(text, index === 0, index === parts.length - 1)}</span>;
      })}
    </section>
  );
}

/** Lines that stay in sight beside a change. */
const CONTEXT = 3;

function around(text: string, first: boolean, last: boolean): string {
  const lines = text.split("\n");
  const [head, tail] = [first ? 0 : CONTEXT, last ? 0 : CONTEXT + 1];
  if (lines.length <= head + tail + 1) return text;
  return [...lines.slice(0, head), "…", ...(tail === 0 ? [] : lines.slice(-tail))].join("\n");
}

/** Where a line and column, both from 1, begin in the text. */
function placeOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
}
