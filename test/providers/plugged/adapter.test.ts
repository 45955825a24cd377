/** Models that a plugin asks: what its handlers get, what they may answer, and what becomes of an answer that is none. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../../src/protocol/errors.ts";
import { pluggedType } from "../../../src/providers/plugged/adapter.ts";
import type { PluginProvider } from "../../../src/sdk/plugin.ts";
import { handlerError, type TestPluginOptions, testPlugin } from "../../support/active-plugin.ts";
import { collect, never, requestOf, silentLog } from "../../support/providers/open.ts";
import { until } from "../../support/until.ts";

const LLAMA: PluginProvider = {
  name: "llama",
  description: "Llama",
  listModelsHandler: "list",
  chatHandler: "chat",
  streamHandler: "stream",
  embedHandler: "embed",
};
const FINISH = { type: "finish", reason: "stop" };

type Handlers = NonNullable<TestPluginOptions["handlers"]>;

function setUp(
  handlers: Handlers,
  { table = {}, declared = LLAMA }: { table?: object; declared?: PluginProvider } = {},
) {
  const plugin = testPlugin({ manifest: { id: "acme" }, handlers });
  const type = pluggedType(plugin, declared);
  const provider = type.open(type.options.parse(table), { id: "mine", log: silentLog, fetch });
  return { plugin, type, provider };
}

/** A `stream_handler` that yields these. */
const yielding = (...parts: unknown[]): Handlers => ({
  async *stream() {
    yield* parts;
  },
});

async function failureOf(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error(`No AlephError: ${thrown}`);
  return { reason: thrown.reason, message: thrown.message, ...thrown.data };
}

describe("a plugin's provider", () => {
  test("streams the parts that its handler yields", async () => {
    const parts = [
      { type: "thinking", text: "Hm", signature: "s" },
      { type: "text", text: "Hello" },
      { type: "tool_call", call_id: "c1", tool: "time", args: { zone: "UTC" } },
      { type: "usage", usage: { input: 3, output: 1, cache_read: 0, cache_write: 0 } },
      { type: "finish", reason: "tool_calls" },
    ];
    expect(await collect(setUp(yielding(...parts)).provider.stream(requestOf(), never))).toEqual({
      parts: parts as never,
    });
  });

  test("fills in what a part may leave out, and leaves out what no part has", async () => {
    const { provider } = setUp(
      yielding(
        { type: "tool_call", call_id: "c1", tool: "time" },
        { type: "usage", usage: { input: 3, cost_usd: 9 } },
        { type: "text", text: "x", owner: true },
        FINISH,
        { type: "text", text: "behind the end" },
      ),
    );
    expect(await collect(provider.stream(requestOf(), never))).toEqual({
      parts: [
        { type: "tool_call", call_id: "c1", tool: "time", args: {} },
        { type: "usage", usage: { input: 3, output: 0, cache_read: 0, cache_write: 0 } },
        { type: "text", text: "x" },
        { type: "finish", reason: "stop" },
      ],
    });
  });

  test("hands the whole request on as plain JSON, with its table", async () => {
    const { plugin, provider } = setUp(yielding(FINISH), {
      table: { url: "http://127.0.0.1:8080", api_key: "k-123456", models: ["m"], timeout_ms: 5000 },
    });
    const media = { type: "media" as const, mime: "image/png", name: "a.png", data: new Uint8Array([1, 2, 3]) };
    const tools = [{ name: "time", description: "Time", parameters: { type: "object" } }];
    const request = requestOf({
      system: ["Be short"],
      messages: [
        { role: "user", content: [{ type: "text", text: "Look" }, media] },
        { role: "assistant", content: [{ type: "tool_call", call_id: "c", tool: "time", args: {} }] },
        { role: "tool", call_id: "c", tool: "time", ok: true, content: [media] },
      ],
      tools,
      thinking: "high",
      maxOutputTokens: 10,
      toolChoice: { tool: "time" },
      parallelToolCalls: false,
      responseFormat: { type: "json" },
      temperature: 0.5,
      topP: 0.9,
      stop: ["END"],
      seed: 7,
    });
    await collect(provider.stream(request, never));
    const plainMedia = { type: "media", mime: "image/png", name: "a.png", data: "AQID" };
    expect(plugin.calls).toEqual([
      {
        handler: "stream",
        args: {
          provider: "mine",
          config: { url: "http://127.0.0.1:8080", api_key: "k-123456" },
          model: "test-model",
          system: ["Be short"],
          messages: [
            { role: "user", content: [{ type: "text", text: "Look" }, plainMedia] },
            { role: "assistant", content: [{ type: "tool_call", call_id: "c", tool: "time", args: {} }] },
            { role: "tool", call_id: "c", tool: "time", ok: true, content: [plainMedia] },
          ],
          tools,
          thinking: "high",
          max_output_tokens: 10,
          tool_choice: { tool: "time" },
          parallel_tool_calls: false,
          response_format: { type: "json" },
          temperature: 0.5,
          top_p: 0.9,
          stop: ["END"],
          seed: 7,
        },
      },
    ]);
  });

  test("asks its chat handler where it does not stream", async () => {
    const { streamHandler: _none, ...declared } = LLAMA;
    const parts = [{ type: "text", text: "whole" }, FINISH];
    const { plugin, provider } = setUp({ chat: () => ({ parts }) }, { declared });
    expect(await collect(provider.stream(requestOf(), never))).toEqual({ parts: parts as never });
    expect(plugin.calls.map(({ handler }) => handler)).toEqual(["chat"]);
    const wrong = setUp({ chat: () => ({ text: "whole" }) }, { declared });
    expect((await collect(wrong.provider.stream(requestOf(), never))).error?.data).toEqual({
      provider: "mine",
      failure: "malformed",
    });
  });

  test.each<[unknown, string]>([
    ["text", "a part of an unknown type"],
    [null, "a part of an unknown type"],
    [{ type: "media", data: "" }, "a part of an unknown type"],
    [{ type: "text" }, "a part without its text"],
    [{ type: "thinking", text: 7 }, "a part without its text"],
    [{ type: "thinking", text: "", signature: 7 }, "a signature that is no text"],
    [{ type: "tool_call", tool: "time" }, "a tool call without its id or its tool"],
    [{ type: "tool_call", call_id: "c", tool: "" }, "a tool call without its id or its tool"],
    [{ type: "usage", usage: { input: -1 } }, "a count that is none"],
    [{ type: "usage", usage: { output: "3" } }, "a count that is none"],
    [{ type: "finish", reason: "done" }, "an end without its reason"],
    [{ type: "error", message: "x" }, "an error without its kind"],
    [{ type: "error", failure: "auth" }, "an error without its kind"],
  ])("answers malformed for %j", async (part, what) => {
    const { provider } = setUp(yielding(part, FINISH));
    expect(await collect(provider.stream(requestOf(), never))).toEqual({
      parts: [],
      error: {
        reason: "provider_error",
        message: `Provider "mine" sent ${what}`,
        data: { provider: "mine", failure: "malformed" },
      },
    });
  });

  test("answers malformed for an id that comes twice and for no part at all, and network for half a reply", async () => {
    const call = { type: "tool_call", call_id: "c", tool: "time" };
    const failures = await Promise.all(
      [yielding(call, call, FINISH), yielding(), yielding({ type: "text", text: "Hel" })].map(async (handlers) => {
        const { error } = await collect(setUp(handlers).provider.stream(requestOf(), never));
        return error?.data.failure;
      }),
    );
    expect(failures).toEqual(["malformed", "malformed", "network"]);
  });

  test("fails as the plugin says that it failed, without the secrets of its table", async () => {
    const message = "Slow down, k-12345678.";
    const error = { type: "error", failure: "rate_limit", message, status: 429, retry_after_ms: 900, field: "seed" };
    const { provider } = setUp(yielding({ type: "text", text: "a" }, error), { table: { api_key: "k-12345678" } });
    expect(await collect(provider.stream(requestOf(), never))).toEqual({
      parts: [{ type: "text", text: "a" }],
      error: {
        reason: "provider_error",
        message: 'Provider "mine" failed: Slow down, [masked]',
        data: { provider: "mine", failure: "rate_limit", status: 429, retry_after_ms: 900, field: "seed" },
      },
    });
  });

  test.each<[AlephError, string]>([
    [handlerError("fetch failed: ECONNREFUSED"), "network"],
    [handlerError("Rate limit reached"), "rate_limit"],
    [handlerError("This model's maximum context length is 4096"), "context_too_long"],
    [handlerError("x is not a function"), "overloaded"],
    [handlerError("killed", "crashed"), "network"],
    [handlerError("half a frame", "protocol"), "malformed"],
    [handlerError("9 MB", "too_large"), "malformed"],
    [new AlephError("plugin_error", "Plugin cannot be started"), "network"],
    [new AlephError("timeout", "No answer"), "timeout"],
  ])("tells apart how a handler failed: %s", async (thrown, failure) => {
    const failing = () => Promise.reject(thrown);
    const { provider } = setUp({
      // biome-ignore lint/correctness/useYield: it fails before
      async *stream() {
        throw thrown;
      },
      list: failing,
      embed: failing,
    });
    const stream = await collect(provider.stream(requestOf(), never));
    const embedded = await failureOf(provider.embed!({ model: "m", texts: ["a"] }, never));
    const listed = await failureOf(provider.models(never));
    expect([stream.error?.reason, stream.error?.data.failure, embedded, listed]).toEqual([
      "provider_error",
      failure,
      expect.objectContaining({ reason: "provider_error", provider: "mine", failure }),
      expect.objectContaining({ reason: "provider_error", provider: "mine", failure }),
    ]);
  });

  test("ends the call when the caller goes, and when nothing comes for too long", async () => {
    let ended = 0;
    let waits = 0;
    const hanging: Handlers = {
      async *stream(_, { signal }) {
        signal.addEventListener("abort", () => ended++);
        yield { type: "text", text: "a" };
        waits++;
        await new Promise(() => undefined);
      },
    };
    const abort = new AbortController();
    const { provider } = setUp(hanging);
    const reply = collect(provider.stream(requestOf(), abort.signal));
    await until(() => waits === 1);
    abort.abort();
    expect((await reply).error?.reason).toBe("cancelled");
    await until(() => ended === 1);

    const late = setUp(hanging, { table: { idle_timeout_ms: 20 } });
    const { parts, error } = await collect(late.provider.stream(requestOf(), never));
    expect([parts.length, error?.data.failure, error?.message]).toEqual([
      1,
      "timeout",
      'Provider "mine" sent nothing of its reply for 20 ms',
    ]);
    const silent = setUp({ list: () => new Promise(() => undefined) }, { table: { timeout_ms: 20 } });
    expect((await failureOf(silent.provider.models(never))).message).toBe(
      'Provider "mine" did not answer within 20 ms',
    );
  });

  test("takes as long for a reply as it likes, as long as something comes", async () => {
    const { provider } = setUp(
      {
        async *stream() {
          const began = performance.now();
          yield { type: "text", text: "." };
          await until(() => performance.now() - began > 200);
          yield FINISH;
        },
      },
      { table: { timeout_ms: 100, idle_timeout_ms: 10_000 } },
    );
    expect((await collect(provider.stream(requestOf(), never))).error).toBeUndefined();
  });

  test("refuses a choice of tools that cannot be fulfilled, before it asks the plugin", async () => {
    const { plugin, provider } = setUp(yielding(FINISH));
    const { error } = await collect(provider.stream(requestOf({ toolChoice: "required" }), never));
    expect([error?.data.failure, plugin.calls]).toEqual(["bad_request", []]);
  });

  test("lists its models, with what its table adds", async () => {
    const model = {
      id: "b",
      context_window: 8192,
      max_output: 100,
      tools: true,
      vision: false,
      thinking: false,
      price: { input: 1, output: 2, cache_read: 0.1 },
    };
    const { provider } = setUp(
      { list: () => ({ models: ["a", model] }) },
      { table: { models: [{ id: "a", name: "The A" }, "c"] } },
    );
    expect(await provider.models(never)).toEqual([
      { id: "a", name: "The A" },
      {
        id: "b",
        contextWindow: 8192,
        maxOutput: 100,
        tools: true,
        vision: false,
        thinking: false,
        price: { input: 1, output: 2, cacheRead: 0.1 },
      },
      { id: "c" },
    ]);
  });

  test("embeds texts, and only when it has a handler for that", async () => {
    const { plugin, provider } = setUp({
      embed: () => ({
        vectors: [
          [1, 2],
          [3, 4],
        ],
        input_tokens: 5,
      }),
    });
    expect(await provider.embed!({ model: "m", texts: ["a", "b"], dimensions: 2 }, never)).toEqual({
      vectors: [
        [1, 2],
        [3, 4],
      ],
      inputTokens: 5,
    });
    expect(plugin.calls[0]?.args).toEqual({
      provider: "mine",
      config: {},
      model: "m",
      texts: ["a", "b"],
      dimensions: 2,
    });
    const { embedHandler: _none, ...declared } = LLAMA;
    expect(setUp({}, { declared }).provider.embed).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ["list", undefined],
    ["list", { models: "a" }],
    ["list", { models: [{ name: "no id" }] }],
    ["list", { models: [7] }],
    ["list", { error: { failure: "nope", message: "x" } }],
    ["embed", [[1]]],
    ["embed", { vectors: [] }],
    ["embed", { vectors: [[]] }],
    ["embed", { vectors: [["1"]] }],
    ["embed", { vectors: [[1]], input_tokens: -1 }],
    ["embed", { vectors: [[1], [2]] }],
  ])("answers malformed when %s returns %j", async (handler, reply) => {
    const { provider } = setUp({ [handler]: () => reply });
    const work = handler === "list" ? provider.models(never) : provider.embed!({ model: "m", texts: ["a"] }, never);
    expect(await failureOf(work)).toMatchObject({ reason: "provider_error", failure: "malformed" });
  });

  test("fails as the plugin says when it cannot list or embed", async () => {
    const error = { failure: "auth", message: "Key is not valid", status: 401 };
    const { provider } = setUp({ list: () => ({ error }), embed: () => ({ error }) });
    const expected = {
      reason: "provider_error",
      message: 'Provider "mine" failed: Key is not valid',
      provider: "mine",
      failure: "auth",
      status: 401,
    };
    expect<object>(await failureOf(provider.models(never))).toEqual(expected);
    expect<object>(await failureOf(provider.embed!({ model: "m", texts: ["a"] }, never))).toEqual(expected);
  });
});
