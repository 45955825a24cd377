/** OpenAI's wire: what is sent, and what is made of what comes back. */
import { expect, test } from "bun:test";
import type { ModelMessage } from "../../../src/sdk/provider.ts";
import { collect, joined, never, openProvider, requestOf } from "../../support/providers/open.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

const png = new Uint8Array([1, 2, 3]);

async function setUp(table: Record<string, unknown> = {}) {
  const fake = startOpenAiFake();
  const provider = await openProvider("openai", { api_key: "sk-key", base_url: fake.url, ...table });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

test("openai sends system, tools, media, calls and results in the form of Chat Completions", async () => {
  await using it = await setUp();
  it.fake.reply("ok");
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "media", mime: "image/png", name: "a.png", data: png },
        { type: "media", mime: "application/pdf", name: "b.pdf", data: png },
        { type: "media", mime: "audio/wav", data: png },
        { type: "media", mime: "video/mp4", name: "c.mp4", data: png },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", text: "Hm", signature: "anthropic:x:y" },
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
    { role: "assistant", content: [{ type: "thinking", text: "Only thought" }] },
    { role: "assistant", content: [{ type: "text", text: "There." }] },
    { role: "user", content: [{ type: "text", text: "Go on" }] },
  ];
  const parameters = { type: "object", properties: {} };
  const tools = [{ name: "read", description: "Reads", parameters }];
  await collect(it.provider.stream(requestOf({ system: ["A", "B"], messages, tools, maxOutputTokens: 9 }), never));
  expect(it.fake.requests[0]!.body).toEqual({
    model: "test-model",
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 9,
    reasoning_effort: "none",
    tools: [{ type: "function", function: { name: "read", description: "Reads", parameters } }],
    messages: [
      { role: "system", content: "A\n\nB" },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } },
          { type: "file", file: { filename: "b.pdf", file_data: "data:application/pdf;base64,AQID" } },
          { type: "input_audio", input_audio: { data: "AQID", format: "wav" } },
          { type: "text", text: '[The attachment "c.mp4" (video/mp4, 3 bytes) cannot be read by this model]' },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "read", arguments: '{"path":"a"}' } },
          { id: "call_2", type: "function", function: { name: "read", arguments: '{"invalid_arguments":"{broken"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "A picture" },
      { role: "tool", tool_call_id: "call_2", content: "Error: Not JSON" },
      {
        role: "user",
        content: [
          { type: "text", text: "Attached to the result of read (call_1):" },
          { type: "image_url", image_url: { url: "data:image/jpeg;base64,AQID" } },
        ],
      },
      { role: "assistant", content: "There." },
      { role: "user", content: "Go on" },
    ],
  });
});

test("openai tells cached tokens apart", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["x"], usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[1]).toEqual({ type: "usage", usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
});

test.each([
  ["gpt-6.1-sol", "off", "none"],
  ["gpt-6.1-sol", "high", "high"],
  ["gpt-4.1", "high", undefined],
  ["gpt-4o", "off", undefined],
] as const)("openai asks %p for thinking %p with the effort %p", async (model, thinking, effort) => {
  await using it = await setUp();
  it.fake.reply("ok");
  await collect(it.provider.stream(requestOf({ model, thinking }), never));
  expect(it.fake.requests[0]!.body.reasoning_effort).toBe(effort);
});

test("openai drops the effort where a model refuses it beside tools, and remembers that", async () => {
  await using it = await setUp({ api: "chat" });
  const message = "Function tools with reasoning_effort are not supported for gpt-x in /v1/chat/completions";
  it.fake.reply({ status: 400, message }, "first", "second", "third");
  const tools = [{ name: "read", description: "Reads", parameters: { type: "object" } }];
  const request = requestOf({ thinking: "medium", tools });
  expect((await collect(it.provider.stream(request, never))).parts[0]).toEqual({ type: "text", text: "first" });
  await collect(it.provider.stream(request, never));
  await collect(it.provider.stream({ ...request, tools: [] }, never));
  expect(it.fake.requests.map(({ body }) => body.reasoning_effort)).toEqual(["medium", "none", "none", "medium"]);
});

test("openai reports a bad request that is not about thinking at once", async () => {
  await using it = await setUp();
  it.fake.reply({ status: 400, message: "Invalid schema for function 'read'" });
  const { error } = await collect(it.provider.stream(requestOf({ thinking: "low" }), never));
  expect(error?.data).toEqual({ provider: "openai", failure: "bad_request", status: 400 });
  expect(it.fake.requests).toHaveLength(1);
});

test("openai hands on arguments that are not JSON as their text", async () => {
  await using it = await setUp();
  it.fake.reply([
    { tool_call: { id: "call_1", name: "write", args: "{oops" } },
    { tool_call: { name: "time", args: "" } },
  ]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.slice(0, 2)).toEqual([
    { type: "tool_call", call_id: "call_1", tool: "write", args: "{oops" },
    { type: "tool_call", call_id: "call_2", tool: "time", args: {} },
  ]);
});

test("openai drops a call that the reply had no tokens left for", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["So", { tool_call: { name: "write", args: '{"path": "a", "con' } }], finish: "length" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.map((part) => part.type)).toEqual(["text", "usage", "finish"]);
});

test("openai says that the model refused", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["I can"], finish: "refused" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.at(-1)).toEqual({ type: "finish", reason: "refused" });
});

test.each([
  ["server_error", "The server had an error", "overloaded"],
  ["rate_limit_exceeded", "Rate limit reached", "rate_limit"],
  ["insufficient_quota", "You ran out", "quota"],
])("openai reports an error %p inside of a stream", async (type, message, failure) => {
  await using it = await setUp();
  it.fake.reply(["Hel", { error: { type, message } }]);
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([{ type: "text", text: "Hel" }]);
  expect(error?.data).toEqual({ provider: "openai", failure });
});

test("openai reports JSON that is no chunk as malformed", async () => {
  await using it = await setUp();
  it.fake.reply({ body: 'data: {"hello":"world"}\n\ndata: [DONE]\n\n' });
  const { error } = await collect(it.provider.stream(requestOf(), never));
  expect(error?.data).toEqual({ provider: "openai", failure: "malformed" });
});

test("openai lists models that chat", async () => {
  await using fake = startOpenAiFake({
    models: [
      "gpt-6.1-sol",
      "text-embedding-3-small",
      "whisper-1",
      "gpt-4o-mini-tts",
      "gpt-image-1",
      "o4-mini",
      "gpt-realtime",
    ],
  });
  const provider = await openProvider("openai", { api_key: "sk-key", base_url: fake.url });
  expect(await provider.models(never)).toEqual([{ id: "gpt-6.1-sol" }, { id: "o4-mini" }]);
});

test("openai puts the pieces of calls together that come by turns", async () => {
  await using it = await setUp();
  const delta = (calls: unknown) => ({
    raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: calls }, finish_reason: null }] })}\n\n`,
  });
  it.fake.reply({
    steps: [
      delta([
        { index: 0, id: "a", function: { name: "one", arguments: "" } },
        { index: 1, id: "b", function: { name: "two", arguments: '{"y"' } },
      ]),
      delta([{ index: 0, function: { arguments: '{"x":1}' } }]),
      delta([{ index: 1, function: { arguments: ":2}" } }]),
    ],
    finish: "tool_calls",
  });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(joined(parts).slice(0, 2)).toEqual([
    { type: "tool_call", call_id: "a", tool: "one", args: { x: 1 } },
    { type: "tool_call", call_id: "b", tool: "two", args: { y: 2 } },
  ]);
});
