/** What wrote an answer, what it took, and what can be done with it: seen when the answer is looked at. */
import { type Answer, textOf } from "../state/answer.ts";
import type { Conversation } from "../state/conversation.ts";
import { textOf as wordsOf } from "../state/rework.ts";
import type { AnswerEntry } from "../state/timeline.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon } from "./icon.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export interface AnswerFactsProps {
  readonly answer: Answer;
  readonly entry: AnswerEntry;
  readonly conversation: Conversation;
}

export function AnswerFacts({ answer, entry, conversation }: AnswerFactsProps) {
  const t = useT();
  const { router } = usePanel();
  const { busy, trouble, run } = useAct();
  const asked = conversation.asked(entry.key);
  const last = entry.messages.at(-1);
  const isFree = conversation.activeRun.value === undefined;
  return (
    <footer class="under">
      <div class="on-hover">
        <CopyButton text={() => textOf(answer)} label={t("answer.copy")} />
        {asked && isFree && (
          <button
            type="button"
            class="icon-button small"
            aria-label={t("answer.retry")}
            title={t("answer.retry")}
            disabled={busy}
            onClick={() => run(() => conversation.askAgain(asked, wordsOf(asked)))}
          >
            <Icon name="again" />
          </button>
        )}
        {last && (
          <button
            type="button"
            class="icon-button small"
            aria-label={t("answer.fork")}
            title={t("answer.fork")}
            disabled={busy}
            onClick={() =>
              run(
                () => conversation.forkAt(last.id),
                (key) => router.go({ page: "session", key }),
              )
            }
          >
            <Icon name="fork" />
          </button>
        )}
        <Facts answer={answer} />
      </div>
      <Trouble text={trouble} />
    </footer>
  );
}

function Facts({ answer: { model, usage, durationMs, steps } }: { answer: Answer }) {
  const t = useT();
  const { duration, money, number } = useFormats();
  const input = usage ? usage.input + usage.cache_read + usage.cache_write : 0;
  const tokens = usage && input + usage.output > 0 && { input: number(input), output: number(usage.output) };
  const facts = [
    model,
    tokens && t("answer.tokens", tokens),
    tokens && usage && (usage.cost_usd === null ? t("answer.price_unknown") : money(usage.cost_usd)),
    steps !== null && steps > 1 && t("answer.steps", { count: steps }),
    durationMs !== null && duration(durationMs),
  ].filter((fact): fact is string => typeof fact === "string");
  return (
    <span class="meta facts">
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </span>
  );
}
