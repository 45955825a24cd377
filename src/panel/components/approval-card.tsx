/** A question to the person, whole: the tool, all that will happen, why it is asked, until when, and the four answers. */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ENGLISH, type StringKey } from "../i18n/languages.ts";
import type { Decision, Question } from "../state/approvals.ts";
import { troubleOf } from "../state/phase.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Exactly } from "./exactly.tsx";
import { exactText } from "./tool-words.ts";

const ANSWERS: readonly { readonly decision: Decision; readonly key: string; readonly look: string }[] = [
  { decision: "once", key: "o", look: "button primary" },
  { decision: "session", key: "s", look: "button" },
  { decision: "always", key: "a", look: "button" },
  { decision: "deny", key: "d", look: "button danger" },
];

/** Keys count only inside the card, and after it has been there for a moment: nobody allows by a key meant for another. */
const KEYS_AFTER_MS = 600;

export function ApprovalCard({ question, first }: { question: Question; first: boolean }) {
  const t = useT();
  const { approvals } = usePanel();
  const { time } = useFormats();
  const [sending, setSending] = useState<Decision | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const id = useId();
  const card = useRef<HTMLElement>(null);

  const { command, parts } = partsOf(question.plan);
  const answers = ANSWERS.filter(({ decision }) => decision !== "always" || question.pattern !== null);
  const answer = (decision: Decision) => {
    if (sending) return;
    setSending(decision);
    setTrouble(undefined);
    approvals.resolve(question.approval_id, decision).catch((error: unknown) => {
      setTrouble(troubleOf(error).message);
      setSending(undefined);
    });
  };
  const since = useRef(performance.now());
  useEffect(() => {
    // Where the person does nothing else, the card takes the keys; it never takes them from a field.
    if (first && document.activeElement === document.body) card.current?.focus({ preventScroll: true });
  }, [first]);
  const press = (event: KeyboardEvent) => {
    if (performance.now() - since.current < KEYS_AFTER_MS || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const found = answers.find(({ key }) => key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    answer(found.decision);
  };

  return (
    <section
      class="approval"
      ref={card}
      aria-labelledby={id}
      tabIndex={-1}
      data-approval={question.approval_id}
      onKeyDown={press}
    >
      {/* Stays in sight with the answers, however long the plan between them is. */}
      <div class="approval-top">
        <header class="approval-head">
          <span class="dot waiting" />
          <span>{t("approval.title")}</span>
          <span class="meta">{t("approval.expires", { time: time(question.expires_at) })}</span>
        </header>
        <h2 id={id}>{t(wantsOf(question.tool), { tool: question.tool })}</h2>
        {command !== undefined && (
          <div class="plan command">
            <Exactly value={command} label={t("approval.plan")} />
          </div>
        )}
      </div>
      <Plan parts={parts} />
      {question.reason !== "" && (
        <p class="approval-why">
          <span class="aside">{t("approval.why")}: </span>
          {exactText(question.reason)}
        </p>
      )}
      {question.pattern && (
        <details class="fold">
          <summary>{t("approval.always_is")}</summary>
          <Exactly value={question.pattern} label={t("approval.always_is")} />
        </details>
      )}
      <div class="approval-answers">
        {answers.map(({ decision, key, look }) => (
          <button
            key={decision}
            type="button"
            class={look}
            disabled={sending !== undefined}
            onClick={() => answer(decision)}
          >
            {t(`approval.${decision}`)}
            <kbd>{key}</kbd>
          </button>
        ))}
      </div>
      <p class="meta" role="status">
        {trouble !== undefined
          ? t("approval.not_sent", { why: trouble })
          : sending
            ? t("approval.sending")
            : t("approval.exactly")}
        {!sending && first && <span class="keys-only"> {t("approval.keys", { key: "Alt+A" })}</span>}
      </p>
    </section>
  );
}

function wantsOf(tool: string): StringKey {
  const own = `approval.wants_${tool}`;
  return Object.hasOwn(ENGLISH, own) ? (own as StringKey) : "approval.wants";
}

/** The command, where there is one, and every other part. */
function partsOf(plan: unknown): { readonly command: unknown; readonly parts: Readonly<Record<string, unknown>> } {
  const isTable = typeof plan === "object" && plan !== null && !Array.isArray(plan);
  const { command, ...parts } = isTable ? (plan as Readonly<Record<string, unknown>>) : { "": plan };
  return { command, parts };
}

/** Every part of the plan under its name; nothing is shortened, long parts scroll and open whole. */
function Plan({ parts }: { parts: Readonly<Record<string, unknown>> }) {
  const t = useT();
  const names = Object.keys(parts);
  if (names.length === 0) return null;
  return (
    <dl class="plan" aria-label={t("approval.plan")}>
      {names.map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Exactly value={parts[name]} label={name || t("approval.plan")} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
