import { expect, test } from "bun:test";
import { Replies } from "../../src/plugin/channel-replies.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Subscriber } from "../../src/sdk/bus.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const KEY = "agent:main:chat:dm:C01";
const USAGE = { input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: null };

function setUp({ limit = 100, send }: { limit?: number; send?: (text: string, attempt: number) => unknown } = {}) {
  const subscribers = new Set<Subscriber>();
  const sent: [string, string][] = [];
  const waits: number[] = [];
  let attempts = 0;
  const replies = new Replies({
    bus: {
      attach(subscriber) {
        subscribers.add(subscriber);
        return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
      },
    },
    log: testLog().log,
    limit,
    async send(conversation, text) {
      await send?.(text, ++attempts);
      sent.push([conversation, text]);
    },
    async wait(ms) {
      waits.push(ms);
    },
  });
  return {
    sent,
    waits,
    subscribers,
    receive: (runId: string, conversation = "C01") =>
      replies.receive({ sessionKey: KEY, text: "hi" }, conversation, async () => ({ runId })),
    refuse: (error: AlephError) => replies.receive({ sessionKey: KEY, text: "hi" }, "C01", () => Promise.reject(error)),
    during: (runId: string, meanwhile: () => void) =>
      replies.receive({ sessionKey: KEY, text: "hi" }, "C01", async () => {
        meanwhile();
        return { runId };
      }),
    publish(topic: "agent.completed" | "agent.error" | "agent.cancelled", run_id: string, more: object = {}) {
      const data = { run_id, session_key: KEY, usage: USAGE, steps: 1, duration_ms: 1, text: "", ...more };
      const event = { topic, seq: 1, ts: 0, data: data as never };
      for (const subscriber of [...subscribers]) subscriber.deliver({ event, sessionKey: KEY, frame: "" });
    },
  };
}

test("Replies sends the answer of a run to where its message came from, and nobody else's", async () => {
  const t = setUp();
  await t.receive("run_1", "C01");
  await t.receive("run_2", "C02");
  t.publish("agent.completed", "run_3", { text: "of the panel" });
  t.publish("agent.completed", "run_2", { text: "two" });
  t.publish("agent.completed", "run_1", { text: "one" });
  t.publish("agent.completed", "run_1", { text: "again" });
  await until(() => t.sent.length === 2);
  expect(t.sent).toEqual([
    ["C02", "two"],
    ["C01", "one"],
  ]);
  expect(t.subscribers.size).toBe(0);
});

test("Replies does not miss the answer of a run that was quicker than its start", async () => {
  const t = setUp();
  await t.during("run_1", () => t.publish("agent.completed", "run_1", { text: "at once" }));
  await until(() => t.sent.length === 1);
  expect([t.sent, t.subscribers.size]).toEqual([[["C01", "at once"]], 0]);
});

test("Replies tells the writer of what failed, and says nothing of what was cancelled or has no text", async () => {
  const t = setUp();
  await t.receive("run_1");
  await t.receive("run_2");
  await t.receive("run_3");
  t.publish("agent.cancelled", "run_1");
  t.publish("agent.completed", "run_2", { text: " " });
  t.publish("agent.error", "run_3", { error: { reason: "no_provider", message: "No provider can answer now" } });
  await t.refuse(new AlephError("overloaded", "32 runs wait in this session already"));
  await until(() => t.sent.length === 2);
  expect(t.sent.map(([, text]) => text)).toEqual([
    "I could not answer: No provider can answer now",
    "I could not answer: 32 runs wait in this session already",
  ]);
});

test("Replies tries again when an answer cannot be sent, and gives up after three times", async () => {
  const t = setUp({
    send: (text, attempt) => {
      if (text === "lost" || attempt < 3) throw new AlephError("plugin_error", "Not connected");
    },
  });
  await t.receive("run_1");
  t.publish("agent.completed", "run_1", { text: "kept" });
  await until(() => t.sent.length === 1);
  await t.receive("run_2");
  await t.receive("run_3");
  t.publish("agent.completed", "run_2", { text: "lost" });
  t.publish("agent.completed", "run_3", { text: "after it" });
  await until(() => t.sent.length === 2);
  expect(t.sent.map(([, text]) => text)).toEqual(["kept", "after it"]);
  expect(t.waits).toEqual([1000, 5000, 1000, 5000, 25_000]);
});

test("Replies cuts a long answer, at the end of a line where there is one", async () => {
  const t = setUp({ limit: 10 });
  await t.receive("run_1");
  t.publish("agent.completed", "run_1", { text: "1234567\nabcdefghijkl😀😀😀😀😀" });
  await until(() => t.sent.length === 4);
  expect(t.sent.map(([, text]) => text)).toEqual(["1234567", "abcdefghij", "kl😀😀😀😀", "😀"]);
});
