/** How long something is to hold. */
import { useT } from "./context.ts";

const DAY_MS = 86_400_000;

export const LIFETIMES = {
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
  never: undefined,
} as const;
export type LifetimeName = keyof typeof LIFETIMES;

export function LifetimeChoice({ value, onChange }: { value: LifetimeName; onChange: (name: LifetimeName) => void }) {
  const t = useT();
  const names = Object.keys(LIFETIMES) as LifetimeName[];
  return (
    <label>
      <span class="meta">{t("access.expires")}</span>
      <select
        class="field"
        value={value}
        onChange={({ currentTarget }) => onChange(names.find((name) => name === currentTarget.value) ?? value)}
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {t(`access.lifetime_${name}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
