import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { cachedShare, createSpending, type Sums } from "../../../src/panel/state/spending.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 6, 31, 12);
const sums = (input: number): Sums => ({
  replies: 1,
  input,
  output: 5,
  cache_read: 0,
  cache_write: 0,
  cost_usd: null,
  unpriced: 1,
  ms: 10,
});

function server() {
  const asked: unknown[] = [];
  const call = (async (method: string, params: { by: string }) => {
    asked.push([method, params]);
    const key = params.by === "day" ? "2026-07-30" : "fake/m";
    return { by: params.by, rows: [{ key, last_at: NOW, ...sums(7) }], total: sums(7), budgets: [] };
  }) as unknown as Call;
  return { spending: createSpending(call, () => NOW), takeAsked: () => asked.splice(0) };
}

test("createSpending has a sum for each day, also where nothing was asked", async () => {
  const { spending } = server();
  await spending.show({ span: 7 });
  expect(spending.days.value?.map(({ date, sums: { input } }) => [date, input])).toEqual([
    ["2026-07-25", 0],
    ["2026-07-26", 0],
    ["2026-07-27", 0],
    ["2026-07-28", 0],
    ["2026-07-29", 0],
    ["2026-07-30", 7],
    ["2026-07-31", 0],
  ]);
  expect([spending.rows.value?.map(({ key }) => key), spending.readAt.value]).toEqual([["fake/m"], NOW]);
});

test("createSpending begins with a whole day, in the calendar of who looks", async () => {
  const before = process.env.TZ;
  process.env.TZ = "Asia/Shanghai";
  try {
    const asked: number[] = [];
    const call = (async (_method: string, { since }: { since: number }) => {
      asked.push(since);
      return { rows: [], total: sums(0), budgets: [] };
    }) as unknown as Call;
    const spending = createSpending(call, () => Date.UTC(2026, 6, 30, 23));
    await spending.show({ span: 7 });
    const dates = spending.days.value?.map(({ date }) => date) ?? [];
    expect([dates.length, dates[0], dates.at(-1)]).toEqual([7, "2026-07-25", "2026-07-31"]);
    expect(asked).toEqual([Date.UTC(2026, 6, 24, 16), Date.UTC(2026, 6, 24, 16)]);
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test("createSpending asks for what is shown", async () => {
  const { spending, takeAsked } = server();
  await spending.load();
  await spending.show({ group: "session", span: 90 });
  const today = new Date(NOW).setHours(0, 0, 0, 0);
  const since = (days: number) => today - (days - 1) * DAY_MS;
  expect(takeAsked()).toEqual([
    ["usage.summary", { by: "day", since: since(30), limit: 31 }],
    ["usage.summary", { by: "model", since: since(30), limit: 200 }],
    ["usage.summary", { by: "day", since: since(90), limit: 91 }],
    ["usage.summary", { by: "session", since: since(90), limit: 200 }],
  ]);
});

test("createSpending says what its rows are by, also while others are asked for", async () => {
  const { spending } = server();
  await spending.load();
  const shown = spending.show({ group: "session" });
  expect([spending.group.value, spending.rowsBy.value, spending.isBehind.value]).toEqual(["session", "model", true]);
  await shown;
  expect([spending.rowsBy.value, spending.isBehind.value]).toEqual(["session", false]);
  const longer = spending.show({ span: 90 });
  expect(spending.isBehind.value).toBe(true);
  await longer;
  expect(spending.isBehind.value).toBe(false);
});

test("createSpending knows when there are more rows than it lists", async () => {
  const row = (key: string) => ({ key, last_at: NOW, ...sums(1) });
  let count = 199;
  const call = (async () => ({
    rows: Array.from({ length: count }, (_, at) => row(String(at))),
    total: sums(1),
    budgets: [],
  })) as unknown as Call;
  const spending = createSpending(call, () => NOW);
  await spending.show({ group: "run" });
  expect(spending.hasMore.value).toBe(false);
  count = 200;
  await spending.load();
  expect(spending.hasMore.value).toBe(true);
});

test("cachedShare is the part of what was asked that was known already", () => {
  expect(cachedShare({ ...sums(50), cache_read: 30, cache_write: 20 })).toBe(0.3);
  expect(cachedShare(sums(0))).toBeUndefined();
});
