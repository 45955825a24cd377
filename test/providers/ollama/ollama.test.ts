/** Ollama's wire: what is sent, and what is made of what comes back. */
import { expect, spyOn, test } from "bun:test";
import type { ModelMessage } from "../../../src/sdk/provider.ts";
import { startOllamaFake } from "../../support/providers/ollama.ts";
import { collect, never, openProvider, requestOf } from "../../support/providers/open.ts";

const png = new Uint8Array([1, 2, 3]);

async function setUp(table: Record<string, unknown> = {}) {
  const fake = startOllamaFake();
  const provider = await openProvider("ollama", { base_url: fake.url, ...table });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

test("ollama sends system, tools, images, calls and results in its form", async () => {
  await using it = await setUp({ models: [{ id: "test-model", context_window: 32_768 }] });
  it.fake.reply("ok");
  const messages: ModelMessage[] = [
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "media", mime: "image/png", data: png },
        { type: "media", mime: "application/pdf", name: "b.pdf", data: png },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", text: "Hm" },
        { type: "text", text: "I read." },
        { type: "tool_call", call_id: "a", tool: "read", args: { path: "a" } },
        { type: "tool_call", call_id: "b", tool: "read", args: "{broken" },
      ],
    },
    { role: "tool", call_id: "a", tool: "read", ok: true, content: [{ type: "media", mime: "image/png", data: png }] },
    { role: "tool", call_id: "b", tool: "read", ok: false, content: [{ type: "text", text: "Not JSON" }] },
  ];
  const parameters = { type: "object", properties: {} };
  const tools = [{ name: "read", description: "Reads", parameters }];
  await collect(it.provider.stream(requestOf({ system: ["A", "B"], messages, tools, maxOutputTokens: 9 }), never));
  expect(it.fake.requests[0]!.body).toEqual({
    model: "test-model",
    stream: true,
    think: false,
    options: { num_ctx: 32_768, num_predict: 9 },
    tools: [{ type: "function", function: { name: "read", description: "Reads", parameters } }],
    messages: [
      { role: "system", content: "A\n\nB" },
      {
        role: "user",
        content: 'Look\n\n[The attachment "b.pdf" (application/pdf, 3 bytes) cannot be read by this model]',
        images: ["AQID"],
      },
      {
        role: "assistant",
        content: "I read.",
        thinking: "Hm",
        tool_calls: [
          { function: { name: "read", arguments: { path: "a" } } },
          { function: { name: "read", arguments: { invalid_arguments: "{broken" } } },
        ],
      },
      { role: "tool", tool_name: "read", content: "", images: ["AQID"] },
      { role: "tool", tool_name: "read", content: "Error: Not JSON" },
    ],
  });
});

test("ollama makes ids for calls, which older servers send without", async () => {
  await using it = await setUp();
  it.fake.reply([{ tool_call: { name: "time", args: {} } }]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[0]).toEqual({
    type: "tool_call",
    call_id: expect.stringMatching(/^call_[0-9a-f]{32}$/),
    tool: "time",
    args: {},
  });
});

test("ollama asks for a level of thinking, then for thinking at all, then for none", async () => {
  await using it = await setUp();
  const refusal = { status: 400, message: '"test-model" does not support thinking' };
  it.fake.reply(refusal, refusal, "ok", "ok");
  await collect(it.provider.stream(requestOf({ thinking: "high" }), never));
  await collect(it.provider.stream(requestOf({ thinking: "high" }), never));
  expect(it.fake.requests.map(({ body }) => body.think)).toEqual(["high", true, undefined, undefined]);
});

test("ollama reports an error line inside of a stream", async () => {
  await using it = await setUp();
  it.fake.reply(["Hel", { error: { type: "", message: "model runner has unexpectedly stopped" } }]);
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([{ type: "text", text: "Hel" }]);
  expect(error).toEqual({
    reason: "provider_error",
    message: 'Provider "ollama" broke off its reply: model runner has unexpectedly stopped',
    data: { provider: "ollama", failure: "overloaded" },
  });
});

test("ollama takes a last line without its line feed", async () => {
  await using it = await setUp();
  const line = JSON.stringify({
    model: "m",
    message: { role: "assistant", content: "Hi" },
    done: true,
    done_reason: "stop",
  });
  it.fake.reply({ body: line });
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect([parts.map(({ type }) => type), error]).toEqual([["text", "usage", "finish"], undefined]);
});

test("ollama's garbage reaches no console", async () => {
  await using it = await setUp();
  using warn = spyOn(console, "warn");
  it.fake.reply(["Hello", { raw: "{secret garbage\n" }]);
  await collect(it.provider.stream(requestOf(), never));
  expect(warn).not.toHaveBeenCalled();
});
