/** What models took: a plot of the days, the budgets, and a table by model, conversation, identity or run. */
import { useEffect, useState } from "preact/hooks";
import { BarChart } from "../components/bar-chart.tsx";
import { BudgetRow } from "../components/budget-row.tsx";
import { Choices } from "../components/choices.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { PageHead } from "../components/page-head.tsx";
import { UsageTable } from "../components/usage-table.tsx";
import type { Formats } from "../i18n/translate.ts";
import { type Day, GROUPS, SPANS, type Sums } from "../state/spending.ts";

const MEASURES = ["tokens", "cost", "replies", "time"] as const;
type Measure = (typeof MEASURES)[number];

export function UsagePage() {
  const t = useT();
  const { spending } = usePanel();
  const formats = useFormats();
  const [measure, setMeasure] = useState<Measure>("tokens");
  const phase = spending.phase.value;
  const days = spending.days.value;
  const rows = spending.rows.value;
  const rowsBy = spending.rowsBy.value;
  const total = spending.total.value;
  const readAt = spending.readAt.value;
  const budgets = spending.budgets.value;
  useEffect(() => void spending.load(), [spending]);
  return (
    <>
      <PageHead title={t("usage.title")} />
      <div class="settings">
        {phase.kind === "loading" && !days && <Late>{t("usage.loading")}</Late>}
        {phase.kind !== "failed" && spending.isBehind.value && <Late>{t("usage.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => spending.load()} />}
        {days && total && rows && rowsBy && (
          <>
            <section>
              <Choices
                label={t("usage.span")}
                options={SPANS.map((span) => ({ value: span, label: t("usage.days", { count: span }) }))}
                value={spending.span.value}
                onChoose={(span) => void spending.show({ span })}
              />
              <Choices
                label={t("usage.measure")}
                options={MEASURES.map((one) => ({ value: one, label: t(`usage.${one}`) }))}
                value={measure}
                onChoose={setMeasure}
              />
              <Plot days={days} total={total} measure={measure} />
              {readAt !== undefined && <p class="meta">{t("usage.read_at", { time: formats.time(readAt) })}</p>}
            </section>
            <section>
              <h2>{t("usage.budgets")}</h2>
              {budgets.length === 0 && <p class="aside">{t("usage.no_budgets")}</p>}
              {budgets.map((budget) => (
                <BudgetRow key={`${budget.budget} ${budget.unit}`} budget={budget} />
              ))}
            </section>
            <section>
              <Choices
                label={t("usage.group")}
                options={GROUPS.map((group) => ({ value: group, label: t(`usage.by_${group}`) }))}
                value={spending.group.value}
                onChoose={(group) => void spending.show({ group })}
              />
              {rows.length === 0 ? (
                <p class="aside">{t("usage.none")}</p>
              ) : (
                <UsageTable group={rowsBy} rows={rows} total={total} />
              )}
              {spending.hasMore.value && <p class="meta">{t("usage.most", { count: rows.length })}</p>}
              {total.unpriced > 0 && <p class="meta">{t("usage.unpriced", { count: total.unpriced })}</p>}
            </section>
          </>
        )}
      </div>
    </>
  );
}

function Plot({ days, total, measure }: { days: readonly Day[]; total: Sums; measure: Measure }) {
  const t = useT();
  const formats = useFormats();
  const bars = days.map(({ date, sums }) => {
    const value = amountOf(sums, measure);
    return { name: date, value, text: textOf(value, measure, formats) };
  });
  const [most] = bars.toSorted((a, b) => b.value - a.value);
  const words = {
    what: t(`usage.${measure}`),
    total: textOf(amountOf(total, measure), measure, formats),
    most: most?.text ?? "",
    date: most?.name ?? "",
  };
  return <BarChart bars={bars} label={t(measure === "time" ? "usage.chart_time" : "usage.chart", words)} />;
}

function amountOf({ replies, input, output, cache_read, cache_write, cost_usd, ms }: Sums, measure: Measure): number {
  if (measure === "tokens") return input + output + cache_read + cache_write;
  if (measure === "cost") return cost_usd ?? 0;
  return measure === "replies" ? replies : replies === 0 ? 0 : ms / replies;
}

function textOf(value: number, measure: Measure, { number, money, duration }: Formats): string {
  if (measure === "cost") return money(value);
  if (measure === "time") return value === 0 ? "0" : duration(value);
  return number(value);
}
