import { expect, test } from "bun:test";
import { Supervisor } from "../../src/channel/supervisor.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { OpenChannel } from "../../src/sdk/channel.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

interface Setup {
  readonly open: (signal: AbortSignal, attempt: number) => unknown;
  /** For each opening. */
  readonly broken?: () => Promise<AlephError>;
  readonly close?: () => unknown;
}

/** Waits between attempts end when the test says so. */
function supervised({ open, close, broken }: Setup) {
  const topics: string[] = [];
  const waits: { ms: number; end: () => void }[] = [];
  let attempts = 0;
  let closed = 0;
  const clock = { now: 0 };
  const { log, entries } = testLog();
  const supervisor = new Supervisor({
    id: "x",
    log,
    bus: { publish: (topic, data) => topics.push(`${topic} ${JSON.stringify(data)}`) },
    async open(signal): Promise<OpenChannel> {
      await open(signal, ++attempts);
      return {
        send: async () => ({ id: "1" }),
        ...(broken ? { broken: broken() } : {}),
        async [Symbol.asyncDispose]() {
          closed++;
          await close?.();
        },
      };
    },
    monotonic: () => clock.now,
    wait(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waits.push({ ms, end: resolve });
      signal.addEventListener("abort", () => resolve(), { once: true });
      return promise;
    },
  });
  return { supervisor, topics, waits, clock, entries, counts: () => ({ attempts, closed }) };
}

const STARTED = 'interface.started {"interface":"x"}';
const STOPPED = 'interface.stopped {"interface":"x"}';

test("Supervisor opens a channel once, however often it is started, and closes it when it is stopped", async () => {
  const { supervisor, topics, counts } = supervised({ open: () => {} });
  expect(supervisor.state).toBe("stopped");
  await Promise.all([supervisor.start(), supervisor.start()]);
  await supervisor.start();
  expect(supervisor.state).toBe("running");
  expect(await supervisor.channel?.send("a", "b")).toEqual({ id: "1" });
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  expect({ state: supervisor.state, channel: supervisor.channel }).toEqual({ state: "stopped", channel: undefined });
  await supervisor.stop();
  expect(counts()).toEqual({ attempts: 1, closed: 1 });
  expect(topics).toEqual([STARTED, STOPPED]);
});

test("Supervisor tries again after a failure, each time twice as late, at most after five minutes", async () => {
  const open = (_: AbortSignal, attempt: number) => {
    if (attempt <= 12) throw new AlephError("timeout", `No answer ${attempt}`);
  };
  const { supervisor, topics, waits } = supervised({ open });
  await supervisor.start();
  expect({ state: supervisor.state, error: supervisor.error?.message }).toEqual({
    state: "error",
    error: "No answer 1",
  });
  for (let failed = 1; failed <= 12; failed++) (await until(() => waits[failed - 1])).end();
  await until(() => supervisor.state === "running");
  expect(supervisor.error).toBeUndefined();
  expect(waits.map(({ ms }) => ms / 1000)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  expect(topics[0]).toBe(
    'interface.error {"interface":"x","error":{"reason":"timeout","message":"No answer 1"},"retry_in_ms":1000}',
  );
  expect(topics.slice(12)).toEqual([STARTED]);
  await supervisor.stop();
});

test("Supervisor tells nothing of an error that is none of ours, and logs it", async () => {
  const open = () => {
    throw new TypeError("secret path");
  };
  const { supervisor, topics, entries } = supervised({ open });
  await supervisor.start();
  expect(topics.join()).not.toContain("secret");
  expect(entries.map(({ message, fields }) => [message, fields.error])).toEqual([
    ["interface could not be started", "secret path"],
  ]);
  await supervisor.stop();
});

test("Supervisor tries at once when it is started while it waits for the next attempt", async () => {
  const open = (_: AbortSignal, attempt: number) => {
    if (attempt === 1) throw new AlephError("timeout", "No answer");
  };
  const { supervisor, counts } = supervised({ open });
  await supervisor.start();
  await supervisor.start();
  expect({ state: supervisor.state, ...counts() }).toEqual({ state: "running", attempts: 2, closed: 0 });
  await supervisor.stop();
});

test("Supervisor stops while it waits for the next attempt, and keeps the last error", async () => {
  const open = () => {
    throw new AlephError("timeout", "No answer");
  };
  const { supervisor, topics, counts } = supervised({ open });
  await supervisor.start();
  await supervisor.stop();
  expect([supervisor.state, supervisor.error?.message, counts().attempts]).toEqual(["stopped", "No answer", 1]);
  expect(topics.at(-1)).toBe(STOPPED);
});

test("Supervisor stops while a channel is opening: one that heeds its signal and one that opens all the same", async () => {
  for (const heeds of [true, false]) {
    const late = Promise.withResolvers<void>();
    const open = (signal: AbortSignal) => {
      if (heeds) signal.addEventListener("abort", () => late.reject(signal.reason));
      return late.promise;
    };
    const { supervisor, topics, counts } = supervised({ open });
    const starting = supervisor.start();
    expect(supervisor.state).toBe("starting");
    const stopping = supervisor.stop();
    if (!heeds) late.resolve();
    await Promise.all([starting, stopping]);
    expect({ state: supervisor.state, error: supervisor.error, ...counts() }).toEqual({
      state: "stopped",
      error: undefined,
      attempts: 1,
      closed: heeds ? 0 : 1,
    });
    expect(topics).toEqual([STOPPED]);
  }
});

test("Supervisor is stopped also when a channel throws while it closes, and starts again", async () => {
  const close = () => {
    throw new Error("no");
  };
  const { supervisor, topics } = supervised({ open: () => {}, close });
  await supervisor.start();
  const stopping = supervisor.stop();
  await supervisor.start();
  await stopping;
  expect(supervisor.state).toBe("running");
  expect(topics).toEqual([STARTED, STOPPED, STARTED]);
  await supervisor.stop();
});

test("Supervisor closes a channel that broke and opens it anew, soon when it was open for a minute", async () => {
  const breaks: ((why: AlephError) => void)[] = [];
  const broken = () => new Promise<AlephError>((resolve) => breaks.push(resolve));
  const { supervisor, topics, waits, clock, counts } = supervised({ open: () => {}, broken });
  await supervisor.start();
  const why = new AlephError("plugin_error", "The line is dead");
  for (const [index, ms] of [1000, 2000, 1000].entries()) {
    if (index === 2) clock.now += 60_000;
    breaks[index]!(why);
    await until(() => waits.length > index);
    expect([supervisor.state, supervisor.error, supervisor.channel, waits[index]!.ms]).toEqual([
      "error",
      why,
      undefined,
      ms,
    ]);
    expect(counts()).toEqual({ attempts: index + 1, closed: index + 1 });
    waits[index]!.end();
    await until(() => supervisor.state === "running");
  }
  expect(topics[1]).toBe(
    'interface.error {"interface":"x","error":{"reason":"plugin_error","message":"The line is dead"},"retry_in_ms":1000}',
  );
  await supervisor.stop();
});
