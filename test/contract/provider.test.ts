/** What every provider must do, whatever its wire: run against each vendor's fake over HTTP. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import { providers } from "../../src/providers/index.ts";
import type { ModelMessage, OpenProvider, ToolSpec } from "../../src/sdk/provider.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import type { FakeOptions, ProviderFake } from "../support/providers/fake.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { collect, joined, never, openProvider, requestOf } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const KEY = "sk-secret-0123456789abcdef";

const VENDORS = [
  { type: "anthropic", start: startAnthropicFake },
  { type: "openai", start: startOpenAiFake },
  { type: "openai", start: startOpenAiFake, over: "Responses", always: { api: "responses" } },
  { type: "openai-compatible", start: startOpenAiFake },
  { type: "gemini", start: startGeminiFake },
  { type: "ollama", start: startOllamaFake },
] as const satisfies { type: string; start: unknown; over?: string; always?: Record<string, unknown> }[];

test("every kind of provider that asks somebody else's server is a row", () => {
  const kinds = Object.keys(providers).filter((kind) => kind !== "demo");
  expect([...new Set<string>(VENDORS.map(({ type }) => type))].toSorted()).toEqual(kinds.toSorted());
});

const READ: ToolSpec = {
  name: "read",
  description: "Reads a file",
  parameters: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

describe.each(VENDORS.map((vendor) => ({ over: "", always: {}, ...vendor })))("provider $type $over", (vendor) => {
  const { type, start, always } = vendor;
  async function setUp(
    options: FakeOptions = {},
    table: Record<string, unknown> = {},
  ): Promise<AsyncDisposable & { fake: ProviderFake; provider: OpenProvider }> {
    const models = type === "gemini" ? ["gemini-one", "gemini-two"] : ["one", "two"];
    const fake = start({ models, ...options });
    const provider = await openProvider(type, { api_key: KEY, base_url: fake.url, ...always, ...table });
    return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
  }

  /** The bytes of a reply that says "Hello". */
  async function recordReply(fake: ProviderFake, provider: OpenProvider): Promise<string> {
    fake.reply("Hello", "Hello");
    await collect(provider.stream(requestOf(), never));
    const { path, body } = fake.requests[0]!;
    const response = await fetch(new URL(path, fake.url), {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "x-api-key": KEY },
      body: JSON.stringify(body),
    });
    return response.text();
  }

  const failed = (failure: string, more: Record<string, unknown> = {}) => ({ provider: type, failure, ...more });

  test("streams text in the pieces in which it comes, then usage, then the end", async () => {
    await using it = await setUp({ key: KEY });
    it.fake.reply({ steps: ["Hel", "lo ", "wörld"], usage: { input: 12, output: 3 } });
    const { parts, error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "text", text: "Hel" },
      { type: "text", text: "lo " },
      { type: "text", text: "wörld" },
      { type: "usage", usage: { input: 12, output: 3, cache_read: 0, cache_write: 0 } },
      { type: "finish", reason: "stop" },
    ]);
  });

  test("delivers a part before the next one is sent", async () => {
    await using it = await setUp();
    const gate = Promise.withResolvers<void>();
    it.fake.reply(["first", { wait: gate.promise }, "second"]);
    const texts: string[] = [];
    for await (const part of it.provider.stream(requestOf(), never)) {
      if (part.type !== "text") continue;
      texts.push(part.text);
      gate.resolve();
    }
    expect(texts).toEqual(["first", "second"]);
  });

  test("streams thinking apart from text", async () => {
    await using it = await setUp();
    it.fake.reply([{ thinking: "Let me " }, { thinking: "see." }, "Yes"]);
    const { parts } = await collect(it.provider.stream(requestOf({ thinking: "medium" }), never));
    expect(joined(parts).slice(0, 2)).toEqual([
      { type: "thinking", text: "Let me see." },
      { type: "text", text: "Yes" },
    ]);
  });

  test("delivers parallel tool calls whole and in order", async () => {
    await using it = await setUp();
    it.fake.reply([
      "Reading. ",
      { tool_call: { id: "call_a", name: "read", args: { path: "a.txt" } } },
      { tool_call: { id: "call_b", name: "read", args: { path: "ä/b.txt", lines: [1, 2] } } },
    ]);
    const { parts } = await collect(it.provider.stream(requestOf({ tools: [READ] }), never));
    expect(joined(parts)).toEqual([
      { type: "text", text: "Reading. " },
      { type: "tool_call", call_id: "call_a", tool: "read", args: { path: "a.txt" } },
      { type: "tool_call", call_id: "call_b", tool: "read", args: { path: "ä/b.txt", lines: [1, 2] } },
      { type: "usage", usage: { input: 10, output: 5, cache_read: 0, cache_write: 0 } },
      { type: "finish", reason: "tool_calls" },
    ]);
  });

  test("says when the reply ran out of tokens", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["And so"], finish: "length" });
    const { parts } = await collect(it.provider.stream(requestOf({ maxOutputTokens: 16 }), never));
    expect(parts.at(-1)).toEqual({ type: "finish", reason: "length" });
  });

  test("sends a whole conversation with tools, results and an image", async () => {
    await using it = await setUp();
    it.fake.reply("Done");
    const image = {
      type: "media" as const,
      mime: "image/png",
      name: "dot.png",
      data: new Uint8Array([137, 80, 78, 71]),
    };
    const messages: ModelMessage[] = [
      { role: "user", content: [{ type: "text", text: "What is in a.txt and on this picture?" }, image] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "I look." },
          { type: "tool_call", call_id: "call_a", tool: "read", args: { path: "a.txt" } },
          { type: "tool_call", call_id: "call_b", tool: "read", args: { path: "b.txt" } },
        ],
      },
      { role: "tool", call_id: "call_a", tool: "read", ok: true, content: [{ type: "text", text: "Text of a" }] },
      { role: "tool", call_id: "call_b", tool: "read", ok: false, content: [{ type: "text", text: "No such file" }] },
    ];
    const request = requestOf({ system: ["Be brief.", "Today is Monday."], messages, tools: [READ] });
    const { error } = await collect(it.provider.stream(request, never));
    expect(error).toBeUndefined();
    const sent = JSON.stringify(it.fake.requests[0]!.body);
    for (const piece of [
      "Be brief.",
      "Today is Monday.",
      "What is in a.txt",
      "iVBORw==".slice(0, 5),
      "I look.",
      "Text of a",
    ]) {
      expect(sent).toContain(piece);
    }
    expect(it.fake.requests[0]!.body).toMatchObject({ model: "test-model", stream: true });
    expect(it.fake.requests[0]!.body.tools).toHaveLength(1);
  });

  test("hangs up at once when its signal aborts in the middle of a reply", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["Hello"], end: "silence" });
    const controller = new AbortController();
    const stream = it.provider.stream(requestOf(), controller.signal);
    const outcome = (async () => {
      for await (const part of stream) if (part.type === "text") controller.abort();
    })();
    expect(outcome).rejects.toMatchObject({ reason: "cancelled" });
    const request = await it.fake.received(1);
    expect(await request.ended).toBe("hung_up");
    await outcome.catch(() => undefined);
  });

  test("hangs up when its signal aborts before the answer", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["late"], after: new Promise(() => undefined) });
    const controller = new AbortController();
    const outcome = collect(it.provider.stream(requestOf(), controller.signal));
    const request = await it.fake.received(1);
    controller.abort();
    expect((await outcome).error?.reason).toBe("cancelled");
    expect(await request.ended).toBe("hung_up");
  });

  test("sends nothing when its signal has aborted already", async () => {
    await using it = await setUp();
    const { error } = await collect(it.provider.stream(requestOf(), AbortSignal.abort()));
    expect(error?.reason).toBe("cancelled");
    expect(it.fake.journal).toEqual([]);
  });

  test("hangs up when the reader leaves", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["Hello"], end: "silence" });
    for await (const part of it.provider.stream(requestOf(), never)) if (part.type === "text") break;
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
  });

  test("reports a refused key without the key", async () => {
    await using it = await setUp({ key: "another" });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" refused the API key (status 401)`,
      data: failed("auth", { status: 401 }),
    });
    expect(await it.provider.models(never).catch((thrown: AlephError) => thrown.data)).toEqual(
      failed("auth", { status: 401 }),
    );
  });

  test("takes its keys out of what the vendor says", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 400, message: `Header ${KEY} and sk-abcd****wxyz are odd` });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.message).toBe(`Provider "${type}" answered with status 400: Header [masked] and [masked] are odd`);
  });

  test.each([
    ["7", 7_000],
    ["0.5", 500],
    ["Wed, 21 Oct 2026 07:28:30 GMT", 30_000],
  ])("reads Retry-After %p of a rate limit", async (header, retry_after_ms) => {
    await using it = await setUp();
    const date = "Wed, 21 Oct 2026 07:28:00 GMT";
    it.fake.reply({ status: 429, message: "Slow down", headers: { "retry-after": header, date } });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.data).toEqual(failed("rate_limit", { status: 429, retry_after_ms }));
    expect(it.fake.requests).toHaveLength(1);
  });

  test.each([
    [500, "Something broke", "overloaded"],
    [503, "Try later", "overloaded"],
    [402, "Pay first", "quota"],
    [429, "You exceeded your current quota, please check your plan and billing details", "quota"],
    [403, "Your key may not do this", "auth"],
    [404, "The model does not exist", "bad_request"],
    [400, "This model's maximum context length is 8192 tokens", "context_too_long"],
    [400, "prompt is too long: 210000 tokens > 200000 maximum", "context_too_long"],
    [413, "Request too large", "context_too_long"],
    [400, "Blocked by content_policy", "refused"],
    [422, "Unknown parameter", "bad_request"],
    [408, "Too slow", "timeout"],
  ])("makes status %p %p a failure of kind %p", async (status, message, failure) => {
    await using it = await setUp();
    it.fake.reply({ status, message });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" answered with status ${status}: ${message}`,
      data: failed(failure, { status }),
    });
  });

  test("does not follow a redirect, which would carry the key along", async () => {
    await using other = start();
    await using it = await setUp();
    it.fake.reply({ status: 307, headers: { location: `${other.url}/stolen` }, body: "" });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.data).toEqual(failed("bad_request", { status: 307 }));
    expect(other.journal).toEqual([]);
  });

  test("reports an error page without its text", async () => {
    await using it = await setUp();
    it.fake.reply({ status: 502, body: "<html><h1>Bad gateway</h1></html>", headers: { "content-type": "text/html" } });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" answered with status 502`,
      data: failed("overloaded", { status: 502 }),
    });
  });

  test("reports garbage in place of a stream", async () => {
    await using it = await setUp();
    it.fake.reply({ body: "<html>Welcome to the hotel network</html>" });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.data).toEqual(failed("malformed"));
  });

  test("reports garbage in the middle of a stream", async () => {
    await using it = await setUp();
    const garbage = type === "ollama" ? '{"oops\n' : 'event: message_delta\ndata: {"oops\n\n';
    it.fake.reply(["Hello", { raw: garbage }, "world"]);
    const { parts, error } = await collect(it.provider.stream(requestOf(), never));
    expect(parts).toEqual([{ type: "text", text: "Hello" }]);
    expect(error?.data).toEqual(failed("malformed"));
  });

  test("reports an empty answer", async () => {
    await using it = await setUp();
    it.fake.reply({ body: "" });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.data).toEqual(failed("malformed"));
  });

  test.each(["cut", "close"] as const)(
    "reports half a stream that ends with a %s as a network failure",
    async (end) => {
      await using it = await setUp();
      it.fake.reply({ steps: ["Hello"], end });
      const { parts, error } = await collect(it.provider.stream(requestOf(), never));
      expect(parts).toEqual([{ type: "text", text: "Hello" }]);
      expect(error?.data).toEqual(failed("network"));
    },
  );

  test("reports a stream that ends inside of an event as a network failure", async () => {
    await using it = await setUp();
    const beginning = type === "ollama" ? '{"model":"m","mess' : 'event: content_block_delta\ndata: {"type":"conte';
    it.fake.reply({ steps: ["Hello", { raw: beginning }], end: "close" });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error?.data).toEqual(failed("network"));
  });

  test("reports a server that is not there", async () => {
    const gone = await openProvider(type, { api_key: KEY, base_url: "http://127.0.0.1:9/", ...always });
    const { error } = await collect(gone.stream(requestOf(), never));
    expect(error).toMatchObject({ reason: "provider_error", data: failed("network") });
  });

  test("gives up on a server that does not answer in time, and hangs up", async () => {
    await using it = await setUp({}, { timeout_ms: 30 });
    it.fake.reply({ steps: ["late"], after: new Promise(() => undefined) });
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: `Provider "${type}" did not answer within 30 ms`,
      data: failed("timeout"),
    });
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
  });

  test("gives up on a reply that stalls, and hangs up", async () => {
    await using it = await setUp({}, { idle_timeout_ms: 40 });
    it.fake.reply({ steps: ["Hello"], end: "silence" });
    const { parts, error } = await collect(it.provider.stream(requestOf(), never));
    expect(parts).toEqual([{ type: "text", text: "Hello" }]);
    expect(error?.data).toEqual(failed("timeout"));
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
  });

  test("lists the models with what its table says of them", async () => {
    const [one, two] = type === "gemini" ? ["gemini-one", "gemini-two"] : ["one", "two"];
    const price = { input: 1, output: 2, cache_read: 0.1 };
    await using it = await setUp(
      { key: KEY },
      { models: [{ id: one, context_window: 1000, max_output: 100, price }, "three"] },
    );
    const listed = await it.provider.models(never);
    const extra = type === "anthropic" ? { name: two, contextWindow: 200_000, maxOutput: 64_000 } : {};
    expect(listed).toEqual([
      {
        ...(type === "anthropic" ? { name: one } : {}),
        id: one!,
        contextWindow: 1000,
        maxOutput: 100,
        price: { input: 1, output: 2, cacheRead: 0.1 },
      },
      { ...extra, id: two! },
      { id: "three" },
    ]);
  });

  test.each(["<html>Welcome to the hotel network</html>", '{"hello":"world"}', ""])(
    "reports %p in place of a list of models",
    async (body) => {
      await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body) });
      const provider = await openProvider(type, { api_key: KEY, base_url: server.url.origin, ...always });
      const thrown = await provider.models(never).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(AlephError);
      expect((thrown as AlephError).data).toEqual(failed("malformed"));
    },
  );

  test("takes a reply as whole when the server leaves the connection open behind it", async () => {
    await using it = await setUp({}, { idle_timeout_ms: 60_000 });
    const recorded = await recordReply(it.fake, it.provider);
    const open = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(recorded)) });
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(open) });
    const provider = await openProvider(type, { api_key: KEY, base_url: server.url.origin, ...always });
    const { parts, error } = await collect(provider.stream(requestOf(), never));
    expect([joined(parts)[0], parts.at(-1), error]).toEqual([
      { type: "text", text: "Hello" },
      { type: "finish", reason: "stop" },
      undefined,
    ]);
  });

  test("uses one connection for replies that follow each other", async () => {
    const ports = new Set<number>();
    await using it = await setUp();
    const recorded = await recordReply(it.fake, it.provider);
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request, self) {
        ports.add(self.requestIP(request)!.port);
        return new Response(recorded);
      },
    });
    const provider = await openProvider(type, { api_key: KEY, base_url: server.url.origin, ...always });
    for (let count = 0; count < 5; count++) await collect(provider.stream(requestOf(), never));
    expect(ports.size).toBe(1);
  });

  test("sends the headers of its table, and no key where it has none", async () => {
    const fake = start();
    await using _ = fake;
    const provider = await openProvider(type, { base_url: fake.url, headers: { "x-team": "blue" }, ...always });
    fake.reply("ok");
    expect((await collect(provider.stream(requestOf(), never))).error).toBeUndefined();
    const { headers } = fake.requests[0]!;
    expect([headers.get("x-team"), headers.get("authorization"), headers.get("x-api-key")]).toEqual([
      "blue",
      null,
      null,
    ]);
  });

  test("refuses a table with keys that it does not know", async () => {
    expect(openProvider(type, { base_url: "http://127.0.0.1:9/", apikey: "x" })).rejects.toThrow();
  });
});
