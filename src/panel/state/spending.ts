/** What models took: day by day for the plot, and by what the person asks for in the table. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Call } from "./connection.ts";
import { createLoaded } from "./loaded.ts";
import type { Phase } from "./phase.ts";

export type Sums = Result<"usage.summary">["total"];
export type UsageRow = Result<"usage.summary">["rows"][number];
export type ShownBudget = Result<"usage.summary">["budgets"][number];

export const GROUPS = ["day", "model", "session", "identity", "run"] as const;
export type Group = (typeof GROUPS)[number];
export const SPANS = [7, 30, 90] as const;
export type Span = (typeof SPANS)[number];

export interface Day {
  /** `2026-07-31`, in the server's time zone. */
  readonly date: string;
  readonly sums: Sums;
}

export interface Spending {
  readonly group: ReadonlySignal<Group>;
  /** Days back, today among them. */
  readonly span: ReadonlySignal<Span>;
  /** Undefined until it is known; as all below. */
  readonly days: ReadonlySignal<readonly Day[] | undefined>;
  readonly rows: ReadonlySignal<readonly UsageRow[] | undefined>;
  /** What the rows are by; `group` is what is asked for, and may be a moment ahead. */
  readonly rowsBy: ReadonlySignal<Group | undefined>;
  readonly total: ReadonlySignal<Sums | undefined>;
  readonly budgets: ReadonlySignal<readonly ShownBudget[]>;
  /** Whether there are older rows than these. */
  readonly hasMore: ReadonlySignal<boolean>;
  /** Whether something else is asked for than what is shown. */
  readonly isBehind: ReadonlySignal<boolean>;
  /** Unix milliseconds of when it was read. */
  readonly readAt: ReadonlySignal<number | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  renew(): Promise<void>;
  show(wanted: { readonly group?: Group; readonly span?: Span }): Promise<void>;
}

const DAY_MS = 86_400_000;
const ROWS = 200;
const NOTHING: Sums = {
  replies: 0,
  input: 0,
  output: 0,
  cache_read: 0,
  cache_write: 0,
  cost_usd: 0,
  unpriced: 0,
  ms: 0,
};

export function createSpending(call: Call, now: () => number): Spending {
  const group = signal<Group>("model");
  const span = signal<Span>(30);
  const { value, phase, load, renew } = createLoaded(async () => {
    const [days, by] = [span.peek(), group.peek()];
    const readAt = now();
    const since = Math.max(0, beginningOf(readAt, days - 1));
    const [byDay, grouped] = await Promise.all([
      call("usage.summary", { by: "day", since, limit: days + 1 }),
      call("usage.summary", { by, since, limit: ROWS }),
    ]);
    return { days: filled(byDay.rows, since, readAt), grouped, by, span: days, readAt };
  });
  return {
    group,
    span,
    days: computed(() => value.value?.days),
    rows: computed(() => value.value?.grouped.rows),
    rowsBy: computed(() => value.value?.by),
    total: computed(() => value.value?.grouped.total),
    budgets: computed(() => value.value?.grouped.budgets ?? []),
    hasMore: computed(() => (value.value?.grouped.rows.length ?? 0) >= ROWS),
    isBehind: computed(
      () => value.value !== undefined && (value.value.by !== group.value || value.value.span !== span.value),
    ),
    readAt: computed(() => value.value?.readAt),
    phase,
    load,
    renew,
    show(wanted) {
      if (wanted.group !== undefined) group.value = wanted.group;
      if (wanted.span !== undefined) span.value = wanted.span;
      return load();
    },
  };
}

/** Oldest first, with the days on which nothing was asked. The server's calendar may be a day off this one's. */
function filled(rows: readonly UsageRow[], since: number, now: number): readonly Day[] {
  const known = new Map(rows.map(({ key, ...sums }) => [key ?? "", sums]));
  const dates = [...known.keys()].filter((date) => date !== "");
  const first = [dateOf(since), ...dates].toSorted()[0]!;
  const last = [dateOf(now), ...dates].toSorted().at(-1)!;
  const days: Day[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) {
    const date = new Date(at).toISOString().slice(0, 10);
    days.push({ date, sums: known.get(date) ?? NOTHING });
  }
  return days;
}

/** The first moment of the day that was `before` days ago: a part of a day would look like one on which little was asked. */
function beginningOf(ts: number, before: number): number {
  const day = new Date(ts);
  day.setHours(0, 0, 0, 0);
  return day.setDate(day.getDate() - before);
}

function dateOf(ts: number): string {
  const day = new Date(ts);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** How much of what was asked the provider had from before, from 0 to 1; nothing where nothing was asked. */
export function cachedShare({ input, cache_read, cache_write }: Sums): number | undefined {
  const asked = input + cache_read + cache_write;
  return asked === 0 ? undefined : cache_read / asked;
}
