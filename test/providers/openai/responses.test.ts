/** OpenAI's Responses API: what is sent over it, what is made of its events, and when it is chosen. */
import { describe, expect, test } from "bun:test";
import type { ModelMessage, ModelRequest } from "../../../src/sdk/provider.ts";
import { collect, joined, never, openProvider, requestOf } from "../../support/providers/open.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const png = new Uint8Array([1, 2, 3]);
const parameters = { type: "object", properties: {} };
const tools = [{ name: "read", description: "Reads", parameters }];
const CHAT = "/v1/chat/completions";
const RESPONSES = "/v1/responses";

async function setUp(table: Record<string, unknown> = { api: "responses" }) {
  const fake = startOpenAiFake();
  const provider = await openProvider("openai", { api_key: "sk-key", base_url: fake.url, ...table });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

test("openai sends system, tools, media, calls and results in the form of Responses", async () => {
  await using it = await setUp();
  it.fake.reply("ok");
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "media", mime: "image/png", name: "a.png", data: png },
        { type: "media", mime: "application/pdf", data: png },
        { type: "media", mime: "text/plain", name: "t.txt", data: new TextEncoder().encode("Hi") },
        { type: "media", mime: "audio/wav", data: png },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", text: "Hm", signature: "anthropic:x:y" },
        { type: "text", text: "I look." },
        { type: "tool_call", call_id: "call_1", tool: "read", args: { path: "a" } },
        { type: "tool_call", call_id: "call_2", tool: "read", args: "{broken" },
      ],
    },
    {
      role: "tool",
      call_id: "call_1",
      tool: "read",
      ok: true,
      content: [
        { type: "text", text: "A picture" },
        { type: "media", mime: "image/jpeg", data: png },
      ],
    },
    { role: "tool", call_id: "call_2", tool: "read", ok: false, content: [{ type: "text", text: "Not JSON" }] },
    { role: "user", content: [{ type: "text", text: "Go on" }] },
  ];
  const request = requestOf({ system: ["A", "B"], messages, tools, maxOutputTokens: 99, thinking: "high" });
  await collect(it.provider.stream(request, never));
  expect(it.fake.requests[0]!.path).toBe(RESPONSES);
  expect(it.fake.requests[0]!.body).toEqual({
    model: "test-model",
    stream: true,
    store: false,
    include: ["reasoning.encrypted_content"],
    instructions: "A\n\nB",
    max_output_tokens: 99,
    reasoning: { effort: "high", summary: "auto" },
    tools: [{ type: "function", name: "read", description: "Reads", parameters, strict: false }],
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: "data:image/png;base64,AQID", detail: "auto" },
          { type: "input_file", filename: "attachment.pdf", file_data: "data:application/pdf;base64,AQID" },
          { type: "input_text", text: '<attachment name="t.txt">\nHi\n</attachment>' },
          { type: "input_text", text: "[An attachment (audio/wav, 3 bytes) cannot be read by this model]" },
        ],
      },
      { role: "assistant", content: "I look." },
      { type: "function_call", call_id: "call_1", name: "read", arguments: '{"path":"a"}' },
      { type: "function_call", call_id: "call_2", name: "read", arguments: '{"invalid_arguments":"{broken"}' },
      {
        type: "function_call_output",
        call_id: "call_1",
        output: [
          { type: "input_text", text: "A picture" },
          { type: "input_image", image_url: "data:image/jpeg;base64,AQID", detail: "auto" },
        ],
      },
      { type: "function_call_output", call_id: "call_2", output: "Error: Not JSON" },
      { role: "user", content: [{ type: "input_text", text: "Go on" }] },
    ],
  });
});

test("openai keeps sealed thinking and sends it back to the same model, with what it led to", async () => {
  await using it = await setUp();
  it.fake.reply(
    [
      { thinking: "Let me " },
      { thinking: "look." },
      { signature: "c2VhbA==" },
      { tool_call: { name: "read", args: {} } },
    ],
    "a",
    "b",
    "c",
  );
  const ask = async (request: Partial<ModelRequest>) => {
    await collect(it.provider.stream(requestOf({ thinking: "high", tools, ...request }), never));
    return it.fake.requests.at(-1)!.body.input;
  };
  const first = await collect(it.provider.stream(requestOf({ thinking: "high", tools }), never));
  expect(joined(first.parts).slice(0, 3)).toEqual([
    { type: "thinking", text: "Let me look.", signature: "openai:test-model:rs_0 c2VhbA==" },
    { type: "tool_call", call_id: "call_1", tool: "read", args: {} },
    { type: "usage", usage: { input: 10, output: 5, cache_read: 0, cache_write: 0 } },
  ]);
  const content = joined(first.parts).slice(0, 2) as Extract<ModelMessage, { role: "assistant" }>["content"];
  const messages: ModelMessage[] = [
    { role: "assistant", content },
    { role: "tool", call_id: "call_1", tool: "read", ok: true, content: [{ type: "text", text: "x" }] },
  ];
  const reasoning = {
    type: "reasoning",
    id: "rs_0",
    summary: [{ type: "summary_text", text: "Let me look." }],
    encrypted_content: "c2VhbA==",
  };
  const call = { type: "function_call", call_id: "call_1", name: "read", arguments: "{}" };
  const output = { type: "function_call_output", call_id: "call_1", output: "x" };
  expect(await ask({ messages })).toEqual([reasoning, call, output]);
  expect(await ask({ messages, model: "other-model" })).toEqual([call, output]);
  expect(await ask({ messages: [{ role: "assistant", content: content.slice(0, 1) }] })).toEqual([]);
});

test("openai tells paragraphs of a summary apart", async () => {
  await using it = await setUp();
  const event = (type: string, data: object) => ({
    raw: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`,
  });
  it.fake.reply([
    { thinking: "One." },
    event("response.reasoning_summary_part.added", { summary_index: 1, part: { type: "summary_text", text: "" } }),
    { thinking: "Two." },
    "ok",
  ]);
  const { parts } = await collect(it.provider.stream(requestOf({ thinking: "low" }), never));
  expect(joined(parts)[0]).toEqual({ type: "thinking", text: "One.\n\nTwo." });
});

test("openai tells tokens of the cache apart over Responses", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["x"], usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[1]).toEqual({ type: "usage", usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
});

test("openai drops a call that the reply had no tokens left for, and says that the model refused", async () => {
  await using it = await setUp();
  it.fake.reply(
    { steps: ["So", { tool_call: { name: "write", args: '{"path": "a", "con' } }], finish: "length" },
    { steps: ["I can"], finish: "refused" },
  );
  const cut = await collect(it.provider.stream(requestOf(), never));
  expect(cut.parts.map((part) => (part.type === "finish" ? part.reason : part.type))).toEqual([
    "text",
    "usage",
    "length",
  ]);
  const refused = await collect(it.provider.stream(requestOf(), never));
  expect(refused.parts.at(-1)).toEqual({ type: "finish", reason: "refused" });
});

test.each([
  ["server_error", "The server had an error", "overloaded"],
  ["rate_limit_exceeded", "Rate limit reached", "rate_limit"],
  ["insufficient_quota", "You ran out", "quota"],
])("openai reports an error event %p of Responses", async (type, message, failure) => {
  await using it = await setUp();
  it.fake.reply(["Hel", { error: { type, message } }]);
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([{ type: "text", text: "Hel" }]);
  expect(error).toMatchObject({ message: `Provider "openai" broke off its reply: ${message}`, data: { failure } });
});

test("openai reports a response that failed", async () => {
  await using it = await setUp();
  const error = { code: "rate_limit_exceeded", message: "Too fast" };
  const failed = { type: "response.failed", response: { status: "failed", error } };
  it.fake.reply({
    steps: ["Hel", { raw: `event: response.failed\ndata: ${JSON.stringify(failed)}\n\n` }],
    end: "close",
  });
  const outcome = await collect(it.provider.stream(requestOf(), never));
  expect(outcome.error).toEqual({
    reason: "provider_error",
    message: 'Provider "openai" broke off its reply: Too fast',
    data: { provider: "openai", failure: "rate_limit" },
  });
});

test.each([
  [{ toolChoice: "required", tools }, { tool_choice: "required" }],
  [{ toolChoice: { tool: "read" }, tools }, { tool_choice: { type: "function", name: "read" } }],
  [{ parallelToolCalls: false, tools }, { parallel_tool_calls: false }],
  [{ responseFormat: { type: "json" } }, { text: { format: { type: "json_object" } } }],
  [
    { responseFormat: { type: "json_schema", name: "r", schema: parameters, strict: true } },
    { text: { format: { type: "json_schema", name: "r", schema: parameters, strict: true } } },
  ],
  [
    { temperature: 0, topP: 0.5 },
    { temperature: 0, top_p: 0.5 },
  ],
] satisfies [Partial<ModelRequest>, object][])("openai sends %j in the form of Responses", async (fields, body) => {
  await using it = await setUp();
  it.fake.reply("ok");
  await collect(it.provider.stream(requestOf(fields), never));
  expect(it.fake.requests[0]!.body).toMatchObject(body);
});

test.each([
  [{ seed: 7 }, "seed"],
  [{ stop: ["END"] }, "stop"],
] satisfies [Partial<ModelRequest>, string][])("openai refuses %j, which Responses has not", async (fields, field) => {
  await using it = await setUp();
  const { error } = await collect(it.provider.stream(requestOf(fields), never));
  expect(error?.data).toEqual({ provider: "openai", failure: "bad_request", field });
  expect(it.fake.requests).toEqual([]);
});

test("openai does without a summary, then without thinking, where the model refuses them", async () => {
  await using it = await setUp();
  it.fake.reply(
    { status: 400, message: "Your organization must be verified to generate reasoning summaries" },
    { status: 400, message: "Unsupported parameter: 'reasoning.effort'" },
    "ok",
    "again",
  );
  const request = requestOf({ thinking: "high" });
  expect((await collect(it.provider.stream(request, never))).error).toBeUndefined();
  await collect(it.provider.stream(request, never));
  expect(it.fake.requests.map(({ body }) => body.reasoning)).toEqual([
    { effort: "high", summary: "auto" },
    { effort: "high" },
    undefined,
    undefined,
  ]);
});

describe("openai chooses the API", () => {
  /** Where the requests went, and with which effort. */
  const went = (fake: Awaited<ReturnType<typeof setUp>>["fake"]) =>
    fake.requests.map(({ path, body }) => [path, body.reasoning_effort ?? body.reasoning?.effort]);

  test("of the config", async () => {
    for (const [api, path] of [
      ["chat", CHAT],
      ["responses", RESPONSES],
    ] as const) {
      await using it = await setUp({ api });
      it.fake.reply("ok");
      await collect(it.provider.stream(requestOf({ model: "gpt-4.1" }), never));
      expect(it.fake.requests[0]!.path).toBe(path);
    }
  });

  /** As at OpenAI's own address: nothing leaves this machine. */
  async function atHome() {
    const fake = startOpenAiFake();
    const { openai } = await import("../../../src/providers/openai/openai.ts");
    const { silentLog } = await import("../../support/providers/open.ts");
    const redirected = Object.assign(
      (...[input, init]: Parameters<typeof fetch>) =>
        fetch(String(input).replace("https://api.openai.com/v1", fake.url), init),
      { preconnect: fetch.preconnect },
    );
    const provider = openai.open({ api_key: "sk-key" }, { id: "openai", log: silentLog, fetch: redirected });
    return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
  }

  test.each([
    ["gpt-6.1-sol", {}, RESPONSES],
    ["gpt-5.6-terra", { tools }, RESPONSES],
    ["o4-mini", {}, RESPONSES],
    ["gpt-6.1-sol", { seed: 7 }, CHAT],
    ["gpt-6.1-sol", { stop: ["END"] }, CHAT],
    ["gpt-4.1", { tools }, CHAT],
    ["gpt-5-chat-latest", {}, CHAT],
    ["gpt-5.5-pro-2026-04-23", {}, RESPONSES],
    ["gpt-5.1-codex-max", {}, RESPONSES],
  ] satisfies [string, Partial<ModelRequest>, string][])(
    "of %p for %j at its own address",
    async (model, fields, path) => {
      await using it = await atHome();
      it.fake.reply("ok");
      expect((await collect(it.provider.stream(requestOf({ model, ...fields }), never))).error).toBeUndefined();
      expect(it.fake.requests[0]!.path).toBe(path);
    },
  );

  test("that the vendor names, and remembers it", async () => {
    await using it = await setUp({});
    const message =
      "Function tools with reasoning_effort are not supported for gpt-x in /v1/chat/completions. Please use /v1/responses instead";
    it.fake.reply({ status: 400, message }, "first", "second");
    const request = requestOf({ model: "gpt-x", thinking: "medium", tools });
    expect((await collect(it.provider.stream(request, never))).parts[0]).toEqual({ type: "text", text: "first" });
    await collect(it.provider.stream(request, never));
    expect(went(it.fake)).toEqual([
      [CHAT, "medium"],
      [RESPONSES, "medium"],
      [RESPONSES, "medium"],
    ]);
  });

  test("that a copy of OpenAI has, when it has but one", async () => {
    await using it = await setUp({});
    it.fake.reply(
      { status: 400, message: "Please use /v1/responses instead" },
      { status: 404, message: "No such route" },
      "first",
      "second",
    );
    const request = requestOf({ model: "gpt-x", thinking: "medium", tools });
    await collect(it.provider.stream(request, never));
    await collect(it.provider.stream(request, never));
    expect(went(it.fake)).toEqual([
      [CHAT, "medium"],
      [RESPONSES, "medium"],
      [CHAT, "none"],
      [CHAT, "none"],
    ]);
  });

  test("once: a model that is not there is not asked for again", async () => {
    await using it = await atHome();
    it.fake.reply({ status: 404, message: "The model does not exist" });
    const { error } = await collect(it.provider.stream(requestOf({ model: "gpt-none" }), never));
    expect(error?.data).toEqual({ provider: "openai", failure: "bad_request", status: 404 });
    expect(it.fake.requests).toHaveLength(1);
  });
});
