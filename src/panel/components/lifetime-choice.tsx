/** How long something is to hold. */
import { useT } from "./context.ts";

const DAY_MS = 86_400_000;

export const LIFETIMES = {
  hour: DAY_MS / 24,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
  year: 365 * DAY_MS,
  never: undefined,
} as const;
export type LifetimeName = keyof typeof LIFETIMES;

/** As it is chosen now: the state follows by a frame. */
export function chosenLifetime(form: HTMLFormElement): LifetimeName | undefined {
  const value = new FormData(form).get("lifetime");
  return (Object.keys(LIFETIMES) as LifetimeName[]).find((name) => name === value);
}

export interface LifetimeChoiceProps<T extends LifetimeName> {
  readonly among: readonly T[];
  readonly value: T;
  readonly onChange: (name: T) => void;
}

export function LifetimeChoice<T extends LifetimeName>({ among, value, onChange }: LifetimeChoiceProps<T>) {
  const t = useT();
  return (
    <label>
      <span class="meta">{t("access.expires")}</span>
      <select
        class="field"
        name="lifetime"
        value={value}
        onChange={({ currentTarget }) => onChange(among.find((name) => name === currentTarget.value) ?? value)}
      >
        {among.map((name) => (
          <option key={name} value={name}>
            {t(`access.lifetime_${name}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
