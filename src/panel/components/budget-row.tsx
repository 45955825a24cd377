/** One budget: how far it is used up, and how much is left. */
import type { ShownBudget } from "../state/spending.ts";
import { useFormats, useT } from "./context.ts";

export function BudgetRow({ budget: state }: { budget: ShownBudget }) {
  const t = useT();
  const { number, money, time } = useFormats();
  const { budget, unit, limit, used, resets_at } = state;
  const say = (value: number) =>
    unit === "tokens" ? `${number(value)} ${t("usage.tokens").toLowerCase()}` : money(value);
  const left = Math.max(0, limit - used);
  const words = t("usage.left", { left: say(left), limit: say(limit), time: time(resets_at) });
  const part = Math.min(1, used / limit);
  return (
    <div class="setting budget">
      <span>{t(`usage.budget_${budget}`)}</span>
      <span class={left === 0 ? "setting-value failed" : "setting-value"}>{words}</span>
      <svg
        class={left === 0 ? "gauge full" : "gauge"}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect class="gauge-all" width="100" height="4" />
        <rect class="gauge-used" width={part * 100} height="4" />
      </svg>
    </div>
  );
}
