/** Anthropic's wire: what is sent, and what is made of what comes back. */
import { expect, spyOn, test } from "bun:test";
import type { ModelMessage } from "../../../src/sdk/provider.ts";
import { startAnthropicFake } from "../../support/providers/anthropic.ts";
import type { Step } from "../../support/providers/fake.ts";
import { collect, joined, never, openProvider, requestOf } from "../../support/providers/open.ts";

const SONNET = "claude-sonnet-5-5";
const png = new Uint8Array([1, 2, 3]);

async function setUp(table: Record<string, unknown> = {}) {
  const fake = startAnthropicFake();
  const provider = await openProvider("anthropic", { api_key: "sk-ant-key", base_url: fake.url, ...table });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

test("anthropic writes nothing on the server's own output about a model that ends soon", async () => {
  await using it = await setUp();
  it.fake.reply("ok", "ok");
  using warned = spyOn(console, "warn").mockImplementation(() => undefined);
  for (const [model, thinking] of [
    ["claude-sonnet-4-5", "off"],
    ["claude-opus-4-6", "high"],
  ] as const)
    await collect(it.provider.stream(requestOf({ model, thinking }), never));
  expect(it.fake.requests).toHaveLength(2);
  expect(warned).not.toHaveBeenCalled();
});

test("anthropic sends system, tools, media, calls and results in the form of the Messages API", async () => {
  await using it = await setUp();
  it.fake.reply("ok");
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "media", mime: "image/png", name: "a.png", data: png },
        { type: "media", mime: "application/pdf", name: "b.pdf", data: png },
        { type: "media", mime: "text/csv", name: "c.csv", data: new TextEncoder().encode("x,y") },
        { type: "media", mime: "audio/wav", data: png },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "text", text: "  " },
        { type: "tool_call", call_id: "call.1", tool: "read", args: { path: "a" } },
        { type: "tool_call", call_id: "call_2", tool: "read", args: "{broken" },
      ],
    },
    {
      role: "tool",
      call_id: "call.1",
      tool: "read",
      ok: true,
      content: [{ type: "media", mime: "image/jpeg", data: png }],
    },
    { role: "tool", call_id: "call_2", tool: "read", ok: false, content: [{ type: "text", text: "Not JSON" }] },
    { role: "user", content: [{ type: "text", text: "Go on" }] },
  ];
  const tools = [{ name: "read", description: "Reads", parameters: { type: "object", properties: {} } }];
  await collect(it.provider.stream(requestOf({ system: ["Stable", "Today"], messages, tools }), never));
  const cache_control = { type: "ephemeral" };
  expect(it.fake.requests[0]!.body).toEqual({
    model: "test-model",
    max_tokens: 8192,
    stream: true,
    system: [
      { type: "text", text: "Stable", cache_control },
      { type: "text", text: "Today", cache_control },
    ],
    tools: [{ name: "read", description: "Reads", input_schema: { type: "object", properties: {} } }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AQID" } },
          { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AQID" }, title: "b.pdf" },
          { type: "text", text: '<attachment name="c.csv">\nx,y\n</attachment>' },
          { type: "text", text: "[An attachment (audio/wav, 3 bytes) cannot be read by this model]" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "call_1", name: "read", input: { path: "a" } },
          { type: "tool_use", id: "call_2", name: "read", input: { invalid_arguments: "{broken" } },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "call_1",
            content: [{ type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AQID" } }],
          },
          { type: "tool_result", tool_use_id: "call_2", content: [{ type: "text", text: "Not JSON" }], is_error: true },
          { type: "text", text: "Go on", cache_control },
        ],
      },
    ],
  });
});

test("anthropic keeps signed thinking and sends it back unchanged, to the same model only", async () => {
  await using it = await setUp();
  it.fake.reply([
    { thinking: "Hm, " },
    { thinking: "a file." },
    { signature: "c2Vh:bA==" },
    { tool_call: { id: "toolu_1", name: "read", args: {} } },
  ]);
  const request = requestOf({ model: SONNET, thinking: "high" });
  const first = await collect(it.provider.stream(request, never));
  const thinking = { type: "thinking" as const, text: "Hm, a file.", signature: `anthropic:${SONNET}:c2Vh:bA==` };
  const call = { type: "tool_call" as const, call_id: "toolu_1", tool: "read", args: {} };
  expect(joined(first.parts).slice(0, 2)).toEqual([thinking, call]);

  const messages: ModelMessage[] = [
    ...request.messages,
    { role: "assistant", content: [thinking, call] },
    { role: "tool", call_id: "toolu_1", tool: "read", ok: true, content: [] },
  ];
  it.fake.reply("done", "done");
  await collect(it.provider.stream({ ...request, messages }, never));
  await collect(it.provider.stream({ ...request, messages, model: "claude-opus-5-5" }, never));
  const use = { type: "tool_use", id: "toolu_1", name: "read", input: {} };
  const sealed = { type: "thinking", thinking: "Hm, a file.", signature: "c2Vh:bA==" };
  expect(it.fake.requests[1]!.body.messages[1].content).toEqual([sealed, use]);
  expect(it.fake.requests[2]!.body.messages[1].content).toEqual([use]);
});

test("anthropic keeps redacted thinking", async () => {
  await using it = await setUp();
  const block = { type: "redacted_thinking", data: "opaque" };
  const raw = (type: string, data: object) => ({
    raw: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`,
  });
  it.fake.reply([
    raw("content_block_start", { index: 0, content_block: block }),
    raw("content_block_stop", { index: 0 }),
  ]);
  const request = requestOf({ model: SONNET, thinking: "low" });
  const { parts } = await collect(it.provider.stream(request, never));
  const part = { type: "thinking" as const, text: "", signature: `anthropic-redacted:${SONNET}:opaque` };
  expect(parts[0]).toEqual(part);
  it.fake.reply("done");
  const messages: ModelMessage[] = [...request.messages, { role: "assistant", content: [part] }, ...request.messages];
  await collect(it.provider.stream({ ...request, messages }, never));
  expect(it.fake.requests[1]!.body.messages[1].content).toEqual([block]);
});

test("anthropic tells cached tokens apart", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["x"], usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[1]).toEqual({ type: "usage", usage: { input: 7, output: 3, cache_read: 100, cache_write: 20 } });
});

const adaptive = (effort: string) => ({
  thinking: { type: "adaptive", display: "summarized" },
  output_config: { effort },
});
test.each([
  ["claude-sonnet-5-5", "off", { max_tokens: 32000, thinking: { type: "disabled" } }],
  ["claude-sonnet-5-5", "high", { max_tokens: 32000, ...adaptive("high") }],
  ["claude-opus-4-8", "off", { max_tokens: 32000 }],
  ["claude-opus-4-6-20260205", "low", { max_tokens: 32000, ...adaptive("low") }],
  ["claude-haiku-4-5-20251001", "medium", { max_tokens: 32000, thinking: { type: "enabled", budget_tokens: 10240 } }],
  ["claude-sonnet-4-20250514", "high", { max_tokens: 32000, thinking: { type: "enabled", budget_tokens: 20480 } }],
  ["claude-3-5-haiku-20241022", "high", { max_tokens: 8192 }],
  ["some-proxy-name", "medium", { max_tokens: 8192, ...adaptive("medium") }],
] as const)("anthropic asks %p for thinking %p in its way", async (model, thinking, expected) => {
  await using it = await setUp();
  it.fake.reply("ok");
  await collect(it.provider.stream(requestOf({ model, thinking }), never));
  const { max_tokens, thinking: asked, output_config } = it.fake.requests[0]!.body;
  const sent = { max_tokens, ...(asked ? { thinking: asked } : {}), ...(output_config ? { output_config } : {}) };
  expect<unknown>(sent).toEqual(expected);
});

test("anthropic tries the next way when a model refuses one, and remembers what worked", async () => {
  await using it = await setUp();
  const refusal = (type: string) => ({
    status: 400,
    message: `"thinking.type.${type}" is not supported for this model`,
  });
  it.fake.reply(refusal("disabled"), refusal("between_tools"), "first", "second");
  const request = requestOf({ model: "claude-opus-5-5" });
  expect((await collect(it.provider.stream(request, never))).parts[0]).toEqual({ type: "text", text: "first" });
  expect((await collect(it.provider.stream(request, never))).parts[0]).toEqual({ type: "text", text: "second" });
  expect(it.fake.requests.map(({ body }) => body.thinking?.type)).toEqual([
    "disabled",
    "between_tools",
    undefined,
    undefined,
  ]);
});

test("anthropic leaves thinking out of a conversation that the API says was changed, for this once", async () => {
  await using it = await setUp();
  const thinking = { type: "thinking" as const, text: "Hm", signature: `anthropic:${SONNET}:seal` };
  const messages: ModelMessage[] = [
    ...requestOf().messages,
    { role: "assistant", content: [thinking, { type: "text", text: "Hi" }] },
    ...requestOf().messages,
  ];
  const request = requestOf({ model: SONNET, thinking: "low", messages });
  it.fake.reply({ status: 400, message: "messages.1: thinking blocks cannot be modified" }, "first", "second");
  expect((await collect(it.provider.stream(request, never))).error).toBeUndefined();
  await collect(it.provider.stream(request, never));
  const kinds = it.fake.requests.map(({ body }) =>
    body.messages[1].content.map((block: { type: string }) => block.type),
  );
  expect(kinds).toEqual([["thinking", "text"], ["text"], ["thinking", "text"]]);
});

test("anthropic does not ask for a budget in a turn that another model began", async () => {
  await using it = await setUp();
  it.fake.reply("ok");
  const messages: ModelMessage[] = [
    ...requestOf().messages,
    { role: "assistant", content: [{ type: "tool_call", call_id: "a", tool: "read", args: {} }] },
    { role: "tool", call_id: "a", tool: "read", ok: true, content: [{ type: "text", text: "x" }] },
  ];
  await collect(it.provider.stream(requestOf({ model: "claude-haiku-4-5", thinking: "low", messages }), never));
  expect(it.fake.requests[0]!.body.thinking).toBeUndefined();
});

test("anthropic drops a call that the reply had no tokens left for", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: ["So", { tool_call: { name: "write", args: '{"path": "a", "con' } }], finish: "length" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.map((part) => part.type)).toEqual(["text", "usage", "finish"]);
});

test("anthropic hands on arguments that are not JSON as their text", async () => {
  await using it = await setUp();
  it.fake.reply([{ tool_call: { id: "toolu_1", name: "write", args: "{oops" } }]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[0]).toEqual({ type: "tool_call", call_id: "toolu_1", tool: "write", args: "{oops" });
});

test.each([
  ["overloaded_error", "Overloaded", "overloaded"],
  ["rate_limit_error", "Slow down", "rate_limit"],
  ["api_error", "Internal server error", "overloaded"],
  ["invalid_request_error", "prompt is too long: 300000 tokens", "context_too_long"],
])("anthropic reports an error event %p inside of a stream", async (type, message, failure) => {
  await using it = await setUp();
  it.fake.reply(["Hel", { error: { type, message } }]);
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([{ type: "text", text: "Hel" }]);
  expect(error).toEqual({
    reason: "provider_error",
    message: `Provider "anthropic" broke off its reply: ${message}`,
    data: { provider: "anthropic", failure },
  });
});

test("anthropic says that the model refused", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: [], finish: "refused" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.at(-1)).toEqual({ type: "finish", reason: "refused" });
});

test("anthropic takes the length of a reply from its table", async () => {
  await using it = await setUp({ models: [{ id: "test-model", max_output: 123 }] });
  it.fake.reply("ok", "ok");
  await collect(it.provider.stream(requestOf(), never));
  await collect(it.provider.stream(requestOf({ maxOutputTokens: 5 }), never));
  expect(it.fake.requests.map(({ body }) => body.max_tokens)).toEqual([123, 5]);
});

test("anthropic gives up on a server that sends pings and nothing else", async () => {
  await using it = await setUp({ idle_timeout_ms: 20 });
  it.fake.reply({ steps: pings() });
  const { error } = await collect(it.provider.stream(requestOf(), never));
  expect(error?.data).toEqual({ provider: "anthropic", failure: "timeout" });
  expect(await it.fake.requests[0]!.ended).toBe("hung_up");
});

function* pings(): Generator<Step> {
  for (;;) {
    yield { ping: true };
    yield { wait: Bun.sleep(2) };
  }
}

test("anthropic takes arguments and text that come whole with the beginning of their block", async () => {
  await using it = await setUp();
  const raw = (type: string, data: object) => ({
    raw: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`,
  });
  it.fake.reply({
    steps: [
      raw("content_block_start", { index: 0, content_block: { type: "text", text: "I look." } }),
      raw("content_block_stop", { index: 0 }),
      raw("content_block_start", {
        index: 1,
        content_block: { type: "tool_use", id: "c1", name: "list", input: { path: "." } },
      }),
      raw("content_block_stop", { index: 1 }),
    ],
    finish: "tool_calls",
  });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.slice(0, 2)).toEqual([
    { type: "text", text: "I look." },
    { type: "tool_call", call_id: "c1", tool: "list", args: { path: "." } },
  ]);
});
