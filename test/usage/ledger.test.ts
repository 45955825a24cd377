import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Usage } from "../../src/protocol/message.ts";
import { openStore } from "../../src/store/store.ts";
import { Ledger, type UsageEntry } from "../../src/usage/ledger.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const NOON = Date.parse("2026-07-31T12:00:00Z");
const HOUR = 3_600_000;
const SESSION = "agent:main:main";

type Budgets = Partial<Config["limits"]["budget"]>;

function usageOf(input: number, output = 0, cost_usd: number | null = null): Usage {
  return { input, output, cache_read: 0, cache_write: 0, cost_usd };
}

function entryOf(usage: Usage, more: Partial<UsageEntry> = {}): UsageEntry {
  return { identity: "owner", route: "agent", provider: "p", model: "m", ms: 10, usage, ...more };
}

async function openLedger(budget: Budgets = {}, path?: string) {
  await using stack = new AsyncDisposableStack();
  const file = path ?? join(stack.use(await testFolder()).path, "aleph.db");
  const { log, entries } = testLog();
  const store = stack.use(openStore(file, { log }));
  const clock = { now: NOON, timeZone: "UTC" };
  const limits = { ...DEFAULTS.limits, budget: { ...DEFAULTS.limits.budget, ...budget } };
  const ledger = stack.use(
    new Ledger({
      store,
      config: () => ({ ...DEFAULTS, limits, providers: {}, agents: {} }),
      log,
      now: () => clock.now,
      timeZone: () => clock.timeZone,
    }),
  );
  const owned = stack.move();
  return { ledger, store, clock, entries, path: file, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("ledger", () => {
  test("sums up by day, model, session, identity, run and key", async () => {
    await using t = await openLedger();
    t.ledger.record(
      entryOf(
        { input: 100, output: 10, cache_read: 5, cache_write: 3, cost_usd: 0.5 },
        { sessionKey: SESSION, runId: "run_1", credential: "owner-1" },
      ),
    );
    t.ledger.record(entryOf(usageOf(1, 2), { sessionKey: SESSION, runId: "run_1", model: "other" }));
    t.clock.now += 24 * HOUR;
    t.ledger.record(entryOf(usageOf(7, 0, 0.25), { identity: "guest", route: "/v1/chat/completions" }));
    const first = {
      replies: 1,
      input: 100,
      output: 10,
      cache_read: 5,
      cache_write: 3,
      cost_usd: 0.5,
      unpriced: 0,
      ms: 10,
    };
    const second = { ...first, input: 1, output: 2, cache_read: 0, cache_write: 0, cost_usd: null, unpriced: 1 };
    const third = { ...second, input: 7, output: 0, cost_usd: 0.25, unpriced: 0 };
    const both = { ...first, replies: 2, input: 101, output: 12, unpriced: 1, ms: 20 };
    const total = { ...both, replies: 3, input: 108, cost_usd: 0.75, ms: 30 };
    const then = { last_at: NOON };
    const later = { last_at: NOON + 24 * HOUR };
    const by = (key: Parameters<typeof t.ledger.summary>[0]["by"]) => t.ledger.summary({ by: key, limit: 10 });
    expect(by("day")).toEqual({
      rows: [
        { key: "2026-08-01", ...later, ...third },
        { key: "2026-07-31", ...then, ...both },
      ],
      total,
    });
    expect(by("model").rows).toEqual([
      { key: "p/m", ...later, ...first, replies: 2, input: 107, cost_usd: 0.75, ms: 20 },
      { key: "p/other", ...then, ...second },
    ]);
    expect(by("session").rows).toEqual([
      { key: null, ...later, ...third },
      { key: SESSION, ...then, ...both },
    ]);
    expect(by("identity").rows.map(({ key, replies }) => [key, replies])).toEqual([
      ["guest", 1],
      ["owner", 2],
    ]);
    expect(by("run").rows.map(({ key, replies }) => [key, replies])).toEqual([
      [null, 1],
      ["run_1", 2],
    ]);
    expect(by("key").rows.map(({ key, replies }) => [key, replies])).toEqual([
      [null, 2],
      ["owner-1", 1],
    ]);
  });

  test("sums up a span of time, one session and one identity", async () => {
    await using t = await openLedger();
    for (const [at, sessionKey, identity] of [
      [0, SESSION, "owner"],
      [1, "agent:main:chat:a", "owner"],
      [2, SESSION, "guest"],
    ] as const) {
      t.clock.now = NOON + at;
      t.ledger.record(entryOf(usageOf(10 ** at), { sessionKey, identity }));
    }
    const input = (query: object) => t.ledger.summary({ by: "day", limit: 10, ...query }).total.input;
    expect(input({})).toBe(111);
    expect(input({ since: NOON + 1 })).toBe(110);
    expect(input({ until: NOON + 2 })).toBe(11);
    expect(input({ sessionKey: SESSION })).toBe(101);
    expect(input({ identity: "guest" })).toBe(100);
    expect(input({ since: NOON + 100 })).toBe(0);
    expect(t.ledger.summary({ by: "day", limit: 10, since: NOON + 100 })).toEqual({
      rows: [],
      total: { replies: 0, input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: null, unpriced: 0, ms: 0 },
    });
  });

  test("keeps nothing of an ephemeral session but what it took", async () => {
    const session = { tokens: 10, cost_usd: 0 };
    await using t = await openLedger({ session });
    const ephemeral = "agent:main:ephemeral:secret-name";
    t.ledger.record(entryOf(usageOf(10), { sessionKey: ephemeral, runId: "run_secret" }));
    expect(t.ledger.summary({ by: "session", limit: 10 }).rows).toMatchObject([{ key: null, input: 10 }]);
    expect(JSON.stringify(t.store.db.query("SELECT * FROM usage").all())).not.toContain("secret");
    // While the process lives, its budget holds as that of any other.
    expect(await refusal(() => t.ledger.check({ identity: "owner", sessionKey: ephemeral }))).toMatchObject({
      data: { budget: "session" },
    });
  });

  test("has on disk what was recorded before it was closed", async () => {
    await using folder = await testFolder();
    const path = join(folder.path, "aleph.db");
    {
      await using t = await openLedger({}, path);
      for (let count = 0; count < 1000; count++) t.ledger.record(entryOf(usageOf(1)));
    }
    await using t = await openLedger({}, path);
    expect(t.ledger.summary({ by: "day", limit: 10 }).total).toMatchObject({ replies: 1000, input: 1000 });
  });

  test("reads what is left for later before anybody asks what was used", async () => {
    await using t = await openLedger({ day: { tokens: 10, cost_usd: 0 } });
    let reads = 0;
    const later = (usage: Usage | undefined) =>
      t.ledger.recordLater({
        read() {
          reads++;
          return usage === undefined ? undefined : entryOf(usage);
        },
      });
    later(usageOf(4));
    later(undefined);
    expect(reads).toBe(0);
    t.ledger.check({ identity: "owner" });
    expect(reads).toBe(2);
    later(usageOf(6));
    expect((await refusal(() => t.ledger.check({ identity: "owner" }))).reason).toBe("budget_exceeded");
    later(usageOf(7));
    const { total } = t.ledger.summary({ by: "day", limit: 10 });
    expect(total.input).toBe(17);
  });

  test("reads what is left for later a few at a time, and what is left at its end", async () => {
    await using t = await openLedger();
    let reads = 0;
    const later = () =>
      t.ledger.recordLater({
        read() {
          reads++;
          return entryOf(usageOf(1));
        },
      });
    for (let count = 0; count < 40; count++) later();
    expect(reads).toBe(32);
    t.ledger[Symbol.dispose]();
    expect(reads).toBe(40);
  });

  test("goes on when the disk does not, and says so", async () => {
    await using t = await openLedger({ day: { tokens: 5, cost_usd: 0 } });
    t.ledger.record(entryOf(usageOf(1)));
    t.ledger.summary({ by: "day", limit: 1 });
    t.store.db.run("DROP TABLE usage");
    t.ledger.record(entryOf(usageOf(4)));
    t.ledger[Symbol.dispose]();
    expect(t.entries.map(({ level, message }) => [level, message])).toEqual([["error", "usage could not be kept"]]);
    expect((await refusal(() => t.ledger.check({ identity: "owner" }))).reason).toBe("budget_exceeded");
  });
});

describe("budget", () => {
  const me = { identity: "owner", sessionKey: SESSION };

  test("is no limit unless it is set", async () => {
    await using t = await openLedger();
    t.ledger.record(entryOf(usageOf(1e12, 0, 1e6), me));
    expect(t.ledger.check(me)).toBeUndefined();
    expect(t.ledger.budgets(me)).toEqual([]);
  });

  test.each([
    ["day", {}, "The budget of the day is used up: 100 tokens"],
    ["session", {}, "The session's budget of the day is used up: 100 tokens"],
    ["identity", {}, "Your budget of the day is used up: 100 tokens"],
  ] as const)("of a %s refuses once it is used up and says when it begins anew", async (budget, _none, message) => {
    await using t = await openLedger({ [budget]: { tokens: 100, cost_usd: 0 } });
    t.ledger.record(entryOf({ input: 40, output: 30, cache_read: 20, cache_write: 9, cost_usd: null }, me));
    expect(t.ledger.check(me)).toBeUndefined();
    t.ledger.record(entryOf(usageOf(1), me));
    const resets_at = Date.parse("2026-08-01T00:00:00Z");
    expect(await refusal(() => t.ledger.check(me))).toEqual({
      reason: "budget_exceeded",
      message,
      data: {
        budget,
        unit: "tokens",
        limit: 100,
        used: 100,
        resets_at,
        retry_after_ms: 12 * HOUR,
        hint: `Wait until the next day begins, or raise [limits.budget.${budget}] in config.toml`,
      },
    });
  });

  test("of a session or an identity leaves the others alone", async () => {
    const limit = { tokens: 10, cost_usd: 0 };
    await using t = await openLedger({ session: limit, identity: limit });
    t.ledger.record(entryOf(usageOf(10), { identity: "a", sessionKey: SESSION }));
    const states = (who: Parameters<typeof t.ledger.budgets>[0]) =>
      t.ledger.budgets(who).map(({ budget, used }) => [budget, used]);
    expect(states({ identity: "b", sessionKey: "agent:main:chat:b" })).toEqual([
      ["session", 0],
      ["identity", 0],
    ]);
    expect(states({ identity: "b", sessionKey: SESSION })).toEqual([
      ["session", 10],
      ["identity", 0],
    ]);
    expect(states({ identity: "a" })).toEqual([["identity", 10]]);
  });

  test("of money counts what has a price, and says once what has none", async () => {
    await using t = await openLedger({ day: { tokens: 0, cost_usd: 1 } });
    t.ledger.record(entryOf(usageOf(1e9), me));
    t.ledger.record(entryOf(usageOf(1e9), me));
    expect(t.ledger.check(me)).toBeUndefined();
    expect(t.entries).toMatchObject([{ level: "warn", fields: { model: "p/m" } }]);
    t.ledger.record(entryOf(usageOf(1, 1, 1), me));
    expect((await refusal(() => t.ledger.check(me))).message).toBe("The budget of the day is used up: 1 US dollars");
  });

  test("counts on after a restart and begins anew with the day of the machine's time zone", async () => {
    await using folder = await testFolder();
    const path = join(folder.path, "aleph.db");
    const day = { tokens: 10, cost_usd: 0 };
    const evening = Date.parse("2026-07-31T21:30:00Z");
    {
      await using t = await openLedger({ day }, path);
      Object.assign(t.clock, { now: evening, timeZone: "Europe/Berlin" });
      t.ledger.record(entryOf(usageOf(6), me));
    }
    await using t = await openLedger({ day }, path);
    Object.assign(t.clock, { now: evening + 60_000, timeZone: "Europe/Berlin" });
    t.ledger.record(entryOf(usageOf(4), me));
    expect(await refusal(() => t.ledger.check(me))).toMatchObject({
      data: { used: 10, resets_at: Date.parse("2026-07-31T22:00:00Z") },
    });
    t.clock.now = Date.parse("2026-07-31T22:00:00Z");
    expect(t.ledger.check(me)).toBeUndefined();
    t.ledger.record(entryOf(usageOf(3), me));
    expect(t.ledger.budgets(me)).toMatchObject([{ used: 3, resets_at: Date.parse("2026-08-01T22:00:00Z") }]);
    // Somebody set the clock back.
    t.clock.now = evening + 120_000;
    expect(t.ledger.budgets(me)).toMatchObject([{ used: 10 }]);
  });
});
