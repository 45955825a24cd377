import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { callOf, nodejsPlugin, toolsEntry } from "../../support/nodejs-plugin.ts";
import { until } from "../../support/until.ts";

test("a call of a nodejs plugin gives what the handler returned, as JSON", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        echo: (args) => args,
        nothing: async () => {},
        date: () => ({ at: new Date(0), skip: undefined }),
        list: async function* () { yield 1; yield 2; },
        circle: () => { const a = {}; a.a = a; return a; },
        big: () => 10n,
      `),
    },
  });
  const process = await plugin.start();
  const text = "ä\u2028\n\u0000 😀 \ud800 ".repeat(3);
  const value = { text, list: [1, null, [[]]], deep: { a: { b: { c: true } } } };
  expect(await process.call(callOf("echo", value))).toEqual(value);
  expect(await process.call(callOf("nothing"))).toBe(null);
  expect(await process.call(callOf("date"))).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  expect(await process.call(callOf("list"))).toEqual([1, 2]);
  expect((await refusal(() => process.call(callOf("circle")))).message).toMatch(
    /^What the handler returned cannot be written as JSON/,
  );
  expect((await refusal(() => process.call(callOf("big")))).data).toEqual({ plugin: "p", code: "handler" });
});

test("what a handler of a nodejs plugin throws is told with its message", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        fails: async () => { throw new Error("Tool blocked by security policy"); },
        text: () => { throw "a text"; },
        empty: () => { throw new TypeError(); },
        object: () => { throw { message: "in an object" }; },
      `),
    },
  });
  const process = await plugin.start();
  const messages = await Promise.all(
    ["fails", "text", "empty", "object"].map((name) => refusal(() => process.call(callOf(name)))),
  );
  expect(messages.map(({ message }) => message)).toEqual([
    "Tool blocked by security policy",
    "a text",
    "TypeError",
    "in an object",
  ]);
  expect(messages[0]).toEqual({
    reason: "plugin_error",
    message: "Tool blocked by security policy",
    data: { plugin: "p", code: "handler" },
  });
});

test("calls of a nodejs plugin are under way at the same time, and answered in any order", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer } from "@aleph/plugin-sdk";
const gate = Promise.withResolvers();
createServer({ name: "p", tools: { wait: async (n) => { await gate.promise; return n; }, open: () => gate.resolve() } }).start();
`,
    },
  });
  const process = await plugin.start();
  const waiting = Promise.all([1, 2, 3].map((n) => process.call(callOf("wait", n))));
  await process.call(callOf("open"));
  expect(await waiting).toEqual([1, 2, 3]);
});

test("a stream of a nodejs plugin gives each part when it is there, and ends with what ended it", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer } from "@aleph/plugin-sdk";
let next = Promise.withResolvers();
createServer({ name: "p", handlers: {
  parts: async function* ({ n }) { for (let i = 0; i < n; i++) yield { i }; },
  gated: async function* () { yield "first"; await next.promise; yield "second"; },
  open: () => next.resolve(),
  breaks: async function* () { yield 1; throw new Error("broken off"); },
  list: () => [1, 2],
  plain: async () => "only",
  readable: () => new Response("text").body.pipeThrough(new TextDecoderStream()),
} }).start();
`,
    },
  });
  const process = await plugin.start();
  const all = (handler: string, args: unknown = {}) => Array.fromAsync(process.stream(callOf(handler, args)));
  expect(await all("parts", { n: 1000 })).toEqual(Array.from({ length: 1000 }, (_, i) => ({ i })));
  expect([await all("list"), await all("plain"), await all("readable")]).toEqual([[1, 2], ["only"], ["text"]]);
  const gated = process.stream(callOf("gated"))[Symbol.asyncIterator]();
  expect((await gated.next()).value).toBe("first");
  await process.call(callOf("open"));
  expect([await gated.next(), await gated.next()]).toEqual([
    { done: false, value: "second" },
    { done: true, value: undefined },
  ]);
  const seen: unknown[] = [];
  const failed = await refusal(async () => {
    for await (const part of process.stream(callOf("breaks"))) seen.push(part);
  });
  expect([seen, failed.message]).toEqual([[1], "broken off"]);
});

test("a stream of a nodejs plugin does not run ahead of its reader, and ends when the reader leaves", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": `import { createServer, notify } from "@aleph/plugin-sdk";
let made = 0;
createServer({ name: "p", handlers: {
  endless: async function* (_, { signal }) {
    try { for (;;) { made++; yield "x".repeat(1000); } } finally { notify("left", signal.aborted); }
  },
  made: () => made,
} }).start();
`,
    },
  });
  const process = await plugin.start();
  for await (const _ of process.stream(callOf("endless"))) break;
  await until(() => plugin.notes.length > 0);
  expect(plugin.notes).toEqual([["left", true]]);
  expect(await process.call(callOf("made"))).toBeLessThan(200);
});

test("a call of a nodejs plugin that takes too long is a timeout, and the plugin goes on", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        slow: async (_, { signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          notify("aborted", signal.reason.name);
        },
        quick: () => "quick",
      `),
    },
  });
  const process = await plugin.start();
  expect(await refusal(() => process.call(callOf("slow", {}, { timeoutMs: 40 })))).toEqual({
    reason: "timeout",
    message: 'Plugin "p" did not answer within 40 ms',
    data: { plugin: "p" },
  });
  await until(() => plugin.notes.length > 0);
  expect([plugin.notes, await process.call(callOf("quick"))]).toEqual([[["aborted", "AbortError"]], "quick"]);
});

test("the time of a stream of a nodejs plugin is that between two parts, and stands still while nobody reads", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        steady: async function* () { for (let i = 0; i < 8; i++) { await Bun.sleep(20); yield i; } },
        stuck: async function* () { yield 1; await new Promise(() => {}); },
      `),
    },
  });
  const process = await plugin.start();
  expect(await Array.fromAsync(process.stream(callOf("steady", {}, { timeoutMs: 120 })))).toHaveLength(8);
  const stuck = process.stream(callOf("stuck", {}, { timeoutMs: 50 }))[Symbol.asyncIterator]();
  expect((await stuck.next()).value).toBe(1);
  expect((await refusal(() => stuck.next())).reason).toBe("timeout");
});

test("a call of a nodejs plugin ends when its signal aborts, and tells the plugin", async () => {
  await using plugin = await nodejsPlugin({
    files: {
      "index.ts": toolsEntry(`
        wait: async (_, { signal }) => {
          notify("started");
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          notify("aborted");
        },
        parts: async function* (_, { signal }) {
          yield 1;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      `),
    },
  });
  const process = await plugin.start();
  const abort = new AbortController();
  const waiting = refusal(() => process.call(callOf("wait", {}, { signal: abort.signal })));
  await until(() => plugin.notes.length === 1);
  abort.abort();
  expect(await waiting).toEqual({ reason: "cancelled", message: 'The call of Plugin "p" was cancelled', data: {} });
  await until(() => plugin.notes.length === 2);
  expect((await refusal(() => process.call(callOf("wait", {}, { signal: abort.signal })))).reason).toBe("cancelled");
  const stop = new AbortController();
  const parts = process.stream(callOf("parts", {}, { signal: stop.signal }))[Symbol.asyncIterator]();
  await parts.next();
  const next = refusal(() => parts.next());
  stop.abort();
  expect((await next).reason).toBe("cancelled");
});

test("a call of a nodejs plugin takes no time to speak of", async () => {
  await using plugin = await nodejsPlugin({ files: { "index.ts": toolsEntry("echo: (args) => args") } });
  const process = await plugin.start();
  const times: number[] = [];
  for (let round = 0; round < 1000; round++) {
    const began = performance.now();
    await process.call(callOf("echo", { round }));
    times.push(performance.now() - began);
  }
  expect(times.sort((a, b) => a - b)[500]).toBeLessThan(1);
});
