import { expect, test } from "bun:test";
import { replaceSupervised, Supervisor, type SupervisorOptions } from "../../src/plugin/supervisor.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { PluginProcess } from "../../src/sdk/runtime.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

/** A clock that moves when the test says so. */
function clock() {
  let now = 0;
  const waiting = new Set<{ readonly at: number; readonly end: () => void }>();
  return {
    now: () => now,
    wait: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        const entry = {
          at: now + ms,
          end: () => {
            waiting.delete(entry);
            resolve();
          },
        };
        waiting.add(entry);
        signal.addEventListener("abort", entry.end, { once: true });
      }),
    /** Milliseconds until each one who waits goes on. */
    pending: () => [...waiting].map(({ at }) => at - now).sort((a, b) => a - b),
    async advance(ms: number) {
      now += ms;
      for (const entry of [...waiting]) if (entry.at <= now) entry.end();
      await Bun.sleep(0);
    },
  };
}

interface Fake extends PluginProcess {
  crash(): void;
  /** Lets slow calls and streams come to their end. */
  finish(): void;
  readonly disposed: () => boolean;
}

/** A process that answers with its number; `slow` calls wait until they are let go. */
function fakeProcess(number: number): Fake {
  const exited = Promise.withResolvers<{ reason: string }>();
  const gate = Promise.withResolvers<void>();
  let disposed = false;
  return {
    pid: number,
    sandbox: "kernel",
    async call({ handler }) {
      if (handler === "slow") await gate.promise;
      return number;
    },
    async *stream() {
      yield number;
      await gate.promise;
      yield number;
    },
    exited: exited.promise,
    crash: () => exited.resolve({ reason: "exited with code 1" }),
    finish: gate.resolve,
    disposed: () => disposed,
    async [Symbol.asyncDispose]() {
      disposed = true;
      gate.resolve();
      exited.resolve({ reason: "ended" });
    },
  };
}

function setUp(options: Partial<SupervisorOptions> = {}) {
  const time = clock();
  const { log, entries } = testLog();
  const started: Fake[] = [];
  const states: string[] = [];
  const broken = { with: undefined as AlephError | undefined };
  const make = (more: Partial<SupervisorOptions> = {}) =>
    new Supervisor({
      plugin: "p",
      async start() {
        await Bun.sleep(0);
        if (broken.with) throw broken.with;
        const process = fakeProcess(started.length + 1);
        started.push(process);
        return process;
      },
      now: time.now,
      wait: time.wait,
      log,
      onState: (state) => states.push(state),
      ...options,
      ...more,
    });
  return { time, started, states, broken, entries, make, supervisor: make() };
}

const { signal } = new AbortController();
const call = { handler: "h", args: null, signal };

test("Supervisor starts the code at the first call, once for all who call", async () => {
  const t = setUp();
  await using supervisor = t.supervisor;
  expect([supervisor.state, t.started.length]).toEqual(["stopped", 0]);
  expect(await Promise.all([supervisor.call(call), supervisor.call(call), supervisor.start()])).toEqual([
    1,
    1,
    undefined,
  ]);
  expect([supervisor.state, supervisor.process?.pid, t.states]).toEqual(["running", 1, ["starting", "running"]]);
});

test("Supervisor starts crashed code again at the next call, after a pause that doubles", async () => {
  const t = setUp();
  await using supervisor = t.supervisor;
  const exits: string[] = [];
  using _ = supervisor.onExit((reason) => exits.push(reason));
  await supervisor.start();
  for (const [index, pause] of [1000, 2000, 4000, 8000].entries()) {
    t.started.at(-1)!.crash();
    await until(() => exits.length === index + 1);
    const next = supervisor.call(call);
    await until(() => supervisor.state === "waiting");
    expect(t.time.pending()).toContain(pause);
    await t.time.advance(pause);
    expect(await next).toBe(index + 2);
  }
  expect(exits).toEqual(Array(4).fill("exited with code 1"));
});

test("Supervisor gives up after five failures in five minutes and says why to each who calls", async () => {
  const t = setUp();
  await using supervisor = t.supervisor;
  t.broken.with = new AlephError("plugin_error", "Entry cannot be loaded", { data: { plugin: "p", code: "start" } });
  for (const pause of [1000, 2000, 4000, 8000, 0]) {
    expect((await refusal(() => supervisor.call(call))).message).toBe("Entry cannot be loaded");
    await t.time.advance(pause);
  }
  expect([supervisor.state, supervisor.error?.message]).toEqual(["failed", "Entry cannot be loaded"]);
  t.broken.with = undefined;
  await t.time.advance(3_600_000);
  expect(await refusal(() => supervisor.call(call))).toEqual({
    reason: "plugin_error",
    message: 'Plugin "p" failed 5 times within a few minutes and is not started again: Entry cannot be loaded',
    data: { plugin: "p", code: "unavailable", hint: "plugins.reload starts it again" },
  });
  expect(t.started).toEqual([]);
});

test("Supervisor forgets failures after a quiet time, and never waits longer than a minute", async () => {
  const t = setUp();
  await using supervisor = t.supervisor;
  const pauses: number[] = [];
  for (let round = 0; round < 9; round++) {
    await supervisor.start();
    await t.time.advance(90_000);
    t.started.at(-1)!.crash();
    await until(() => supervisor.state === "stopped");
    const next = supervisor.start();
    await until(() => supervisor.state === "waiting");
    pauses.push(Math.max(...t.time.pending()));
    await t.time.advance(60_000);
    await next;
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  await t.time.advance(301_000);
  t.started.at(-1)!.crash();
  await until(() => supervisor.state === "stopped");
  const next = supervisor.start();
  await until(() => supervisor.state === "waiting");
  expect(t.time.pending()).toEqual([1000]);
  await t.time.advance(1000);
  await next;
});

test("Supervisor starts by itself what is to run all the time, also when the first start failed", async () => {
  const t = setUp({ keepRunning: true });
  await using supervisor = t.supervisor;
  t.broken.with = new AlephError("plugin_error", "Not today");
  await refusal(() => supervisor.start());
  await until(() => t.time.pending().length > 0);
  t.broken.with = undefined;
  await t.time.advance(1000);
  await until(() => supervisor.state === "running");
  t.started[0]!.crash();
  await until(() => t.time.pending().length > 0);
  await t.time.advance(2000);
  await until(() => supervisor.process?.pid === 2);
  expect(t.entries.map(({ message, fields }) => [message, fields.error, fields.retry_in_ms])).toEqual([
    ["plugin failed", "Not today", 1000],
    ["plugin failed", 'Plugin "p" ended: exited with code 1', 2000],
  ]);
});

test("Supervisor does not end what is called, streamed from or held, however long that takes", async () => {
  const t = setUp({ idleMs: 600_000 });
  await using supervisor = t.supervisor;
  const survives = async () => {
    await t.time.advance(900_000);
    await t.time.advance(500_000);
    expect([supervisor.state, t.started.length]).toEqual(["running", 1]);
  };
  await supervisor.call(call);
  const held = supervisor.hold();
  await survives();
  const stream = supervisor.stream(call)[Symbol.asyncIterator]();
  await stream.next();
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  await survives();
  const slow = supervisor.call({ ...call, handler: "slow" });
  await stream.return?.();
  await survives();
  t.started[0]!.finish();
  expect(await slow).toBe(1);
  await t.time.advance(599_999);
  expect(supervisor.state).toBe("running");
  await t.time.advance(1);
  await until(() => supervisor.state === "stopped");
  expect(t.started[0]!.disposed()).toBe(true);
});

test("Supervisor counts no failure when it ends an idle process itself", async () => {
  const t = setUp({ idleMs: 1000 });
  await using supervisor = t.supervisor;
  const exits: string[] = [];
  using _ = supervisor.onExit((reason) => exits.push(reason));
  await supervisor.call(call);
  await t.time.advance(1000);
  await until(() => exits.length > 0);
  expect([supervisor.state, t.started[0]!.disposed(), exits, t.entries]).toEqual(["stopped", true, ["ended"], []]);
  expect(await supervisor.call(call)).toBe(2);
});

test("Supervisor lets a caller go who does not want to wait for a start any more", async () => {
  const t = setUp();
  await using supervisor = t.supervisor;
  await supervisor.start();
  t.started[0]!.crash();
  await until(() => supervisor.state === "stopped");
  const abort = new AbortController();
  const waiting = refusal(() => supervisor.call({ ...call, signal: abort.signal }));
  abort.abort();
  expect((await waiting).reason).toBe("cancelled");
  const other = supervisor.call(call);
  await t.time.advance(1000);
  expect(await other).toBe(2);
});

test("Supervisor ends its process when it is disposed, also one that is just starting, and starts none after", async () => {
  const t = setUp();
  const starting = refusal(() => t.supervisor.start());
  await t.supervisor[Symbol.asyncDispose]();
  expect((await starting).message).toBe('Plugin "p" is not in use any more');
  expect(t.started.map((process) => process.disposed())).toEqual([true]);
  expect((await refusal(() => t.supervisor.call(call))).data).toEqual({ plugin: "p", code: "unavailable" });
  const other = t.make();
  await other.start();
  await other[Symbol.asyncDispose]();
  expect([t.started[1]!.disposed(), other.state]).toEqual([true, "stopped"]);
});

test("replaceSupervised lets the old version serve until the new one is ready and its own calls have ended", async () => {
  const t = setUp();
  const old = t.supervisor;
  const slow = old.call({ ...call, handler: "slow" });
  await until(() => t.started.length === 1);
  await using next = t.make();
  let current = old;
  const replaced = replaceSupervised(old, next, () => {
    current = next;
  });
  expect(current).toBe(old);
  expect(await old.call(call)).toBe(1);
  await until(() => current === next);
  expect([t.started[0]!.disposed(), await next.call(call)]).toEqual([false, 2]);
  await until(() => t.time.pending().includes(10_000));
  await t.time.advance(10_000);
  await replaced;
  expect([t.started[0]!.disposed(), await slow]).toEqual([true, 1]);
});

test("replaceSupervised leaves the old version as it is when the new one is broken", async () => {
  const t = setUp();
  await using old = t.supervisor;
  await old.start();
  t.broken.with = new AlephError("plugin_error", "Entry cannot be loaded");
  const next = t.make();
  let swapped = false;
  const failed = await refusal(() =>
    replaceSupervised(old, next, () => {
      swapped = true;
    }),
  );
  expect([failed.message, swapped, t.started[0]!.disposed()]).toEqual(["Entry cannot be loaded", false, false]);
  expect(await old.call(call)).toBe(1);
});
