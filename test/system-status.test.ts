import { expect, test } from "bun:test";
import type { SystemStatus } from "../src/methods/system/status.ts";
import type { Bus, Subscriber } from "../src/sdk/bus.ts";
import { openStore } from "../src/store/store.ts";
import { createTidy, startTicks, startTidying } from "../src/system-status.ts";
import { testLog } from "./support/log.ts";
import { until } from "./support/until.ts";

const quiet = { gateway: { isQuiet: true }, runner: { queues: () => [] } };

function testBus() {
  const subscribers = new Set<Subscriber>();
  return {
    subscribers,
    bus: {
      attach(subscriber: Subscriber): Disposable {
        subscribers.add(subscriber);
        return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
      },
    },
    tell(topic: string) {
      for (const { deliver } of subscribers) deliver({ event: { topic, seq: 1, ts: 1, data: {} } } as never);
    },
  };
}

test("startTidying tidies so often after the start, and again after runs have ended, until it is disposed", async () => {
  const { bus, tell, subscribers } = testBus();
  let times = 0;
  const tidying = startTidying({ ...quiet, bus, tidy: () => times++, afterMs: [1, 2] });
  await until(() => times === 2);
  tell("stream.chunk");
  tell("agent.started");
  tell("agent.completed");
  tell("agent.error");
  await until(() => times === 4);
  tell("agent.interrupted");
  tidying[Symbol.dispose]();
  expect([times, subscribers.size]).toEqual([4, 0]);
});

test("startTidying waits while runs end one after the other", async () => {
  const { bus, tell } = testBus();
  let times = 0;
  using _ = startTidying({ ...quiet, bus, tidy: () => times++, afterMs: [0] });
  for (let run = 0; run < 100; run++) {
    tell("agent.completed");
    await Promise.resolve();
  }
  expect(times).toBe(0);
  await until(() => times === 1);
});

test("startTidying waits while a run is active or somebody waits for an answer", async () => {
  const { bus } = testBus();
  const world = { looked: 0, isQuiet: false, active: "run_1" as string | null, tidied: 0 };
  const gateway = {
    get isQuiet() {
      world.looked++;
      return world.isQuiet;
    },
  };
  const runner = { queues: () => [{ sessionKey: "agent:main:main", active: world.active, queued: [] }] };
  using _ = startTidying({ bus, gateway, runner, tidy: () => world.tidied++, afterMs: [0] });
  const lookAgain = async () => {
    const before = world.looked;
    await until(() => world.looked > before + 1);
    return world.tidied;
  };
  world.active = null;
  expect(await lookAgain()).toBe(0);
  world.active = "run_1";
  world.isQuiet = true;
  expect(await lookAgain()).toBe(0);
  world.active = null;
  await until(() => world.tidied === 1);
});

test("createTidy leaves databases as they are and lets compiled code go only after a burst", async () => {
  const { log } = testLog();
  await using store = openStore(":memory:", { log });
  store.db.run("CREATE TABLE kept (id INTEGER)");
  const world = { rss: 50, shrunk: 0 };
  const tidy = createTidy(() => [store], { rss: () => world.rss, shrink: () => world.shrunk++ });
  const shrunkAt = (rss: number) => {
    world.rss = rss;
    tidy();
    return world.shrunk;
  };
  expect([shrunkAt(50), shrunkAt(100), shrunkAt(101), shrunkAt(90)]).toEqual([0, 0, 1, 1]);
  expect(store.db.query("SELECT count(*) AS count FROM kept").get()).toEqual({ count: 0 });
});

test("createTidy goes on where the system does not tell how much memory there is", () => {
  let shrunk = 0;
  const rss = () => {
    throw new Error("too many open files");
  };
  const tidy = createTidy(() => [], { rss, shrink: () => shrunk++ });
  tidy();
  expect(shrunk).toBe(0);
});

test("startTicks leaves out the tick for which the system tells nothing, and goes on", async () => {
  const told: unknown[] = [];
  const bus = { seq: 7, publish: (topic: string, data: unknown) => told.push([topic, data]) } as unknown as Bus;
  let asked = 0;
  const status = () => {
    if (++asked === 1) throw new Error("too many open files");
    return { uptime_ms: 5, connections: 1, runs_active: 2 } as SystemStatus;
  };
  using _ = startTicks(1, { bus, status, before: () => undefined });
  await until(() => told.length > 0);
  expect(told[0]).toEqual(["system.tick", { uptime_ms: 5, connections: 1, runs: 2, state_version: 7 }]);
  expect(asked).toBeGreaterThan(1);
});
