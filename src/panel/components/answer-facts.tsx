/** What wrote an answer, and what it took: seen when the answer is looked at. */
import type { Answer } from "../state/answer.ts";
import { useFormats, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";

export function AnswerFacts({ answer, text }: { answer: Answer; text: () => string }) {
  const t = useT();
  const { duration, money, number } = useFormats();
  const { model, usage, durationMs, steps } = answer;
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
    <footer class="under">
      <div class="on-hover">
        <CopyButton text={text} label={t("answer.copy")} />
        <span class="meta facts">
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </span>
      </div>
    </footer>
  );
}
