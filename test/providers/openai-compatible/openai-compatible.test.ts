/** Servers that copy Chat Completions differ in small things; these are the ones that are known. */
import { expect, test } from "bun:test";
import type { ModelMessage } from "../../../src/sdk/provider.ts";
import { collect, joined, never, openProvider, requestOf } from "../../support/providers/open.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

async function setUp() {
  const fake = startOpenAiFake();
  const provider = await openProvider("openai-compatible", { base_url: fake.url });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

const chunk = (delta: unknown, finish_reason: string | null = null) => ({
  raw: `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
});

test("openai-compatible needs a base_url", () => {
  expect(openProvider("openai-compatible", { api_key: "x" })).rejects.toThrow("base_url");
});

test.each(["reasoning_content", "reasoning"])("openai-compatible reads thinking from %p", async (key) => {
  await using it = await setUp();
  it.fake.reply([chunk({ [key]: "Hm" }), chunk({ [key]: "m" }), "Yes"]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(joined(parts).slice(0, 2)).toEqual([
    { type: "thinking", text: "Hmm" },
    { type: "text", text: "Yes" },
  ]);
});

test("openai-compatible takes a stream without [DONE] and without usage", async () => {
  await using it = await setUp();
  it.fake.reply({ steps: [chunk({ content: "Hi" }), chunk({}, "stop")], end: "close" });
  const { parts, error } = await collect(it.provider.stream(requestOf(), never));
  expect([parts, error]).toEqual([
    [
      { type: "text", text: "Hi" },
      { type: "finish", reason: "stop" },
    ],
    undefined,
  ]);
});

test("openai-compatible counts what a server tells, where it writes null for what it does not count", async () => {
  await using it = await setUp();
  const details = { prompt_tokens_details: { audio_tokens: null, cached_tokens: null } };
  const usage = { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, ...details };
  const last = { raw: `data: ${JSON.stringify({ choices: [], usage })}\n\n` };
  it.fake.reply({ steps: [chunk({ content: "Hi" }), chunk({}, "stop"), last], end: "close" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.filter(({ type }) => type === "usage")).toEqual([
    { type: "usage", usage: { input: 12, output: 3, cache_read: 0, cache_write: 0 } },
  ]);
});

test("openai-compatible makes ids for calls that come without one, and sees calls behind finish_reason stop", async () => {
  await using it = await setUp();
  const call = { index: 0, function: { name: "time", arguments: "{}" } };
  it.fake.reply({ steps: [chunk({ tool_calls: [call] }), chunk({}, "stop")], end: "close" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([
    { type: "tool_call", call_id: expect.stringMatching(/^call_[0-9a-f]{32}$/), tool: "time", args: {} },
    { type: "finish", reason: "tool_calls" },
  ]);
});

test("openai-compatible takes arguments of a call that come as an object", async () => {
  await using it = await setUp();
  const call = { index: 0, id: "c1", function: { name: "list", arguments: { path: "." } } };
  it.fake.reply({ steps: [chunk({ tool_calls: [call] }), chunk({}, "tool_calls")], end: "close" });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts[0]).toEqual({ type: "tool_call", call_id: "c1", tool: "list", args: { path: "." } });
});

test("openai-compatible says nothing of thinking when it is off, and asks without when the server does not know it", async () => {
  await using it = await setUp();
  it.fake.reply("a", { status: 400, message: "Unknown field: reasoning_effort" }, "b");
  await collect(it.provider.stream(requestOf({ maxOutputTokens: 4 }), never));
  await collect(it.provider.stream(requestOf({ thinking: "low" }), never));
  const sent = it.fake.requests.map(({ body }) => [body.reasoning_effort, body.max_tokens]);
  expect(sent).toEqual([
    [undefined, 4],
    ["low", undefined],
    [undefined, undefined],
  ]);
});

test.each([
  ["of FastAPI", { detail: [{ loc: ["body", "top_k"], msg: "Extra inputs are not permitted", type: "x" }] }],
  ["of Mistral", { message: { detail: [{ loc: ["body", "top_k"], msg: "Extra inputs are not permitted" }] } }],
  ["in words", { detail: "body.top_k: Extra inputs are not permitted" }],
])("openai-compatible tells what is wrong in the form %s", async (_, body) => {
  await using it = await setUp();
  it.fake.reply({ status: 422, body: JSON.stringify(body) });
  const { error } = await collect(it.provider.stream(requestOf(), never));
  expect(error?.message).toBe(
    'Provider "openai-compatible" answered with status 422: body.top_k: Extra inputs are not permitted',
  );
});

test("openai-compatible does without asking for usage where a server refuses that, and remembers it", async () => {
  await using it = await setUp();
  const fault = { loc: ["body", "stream_options", "include_usage"], msg: "Extra inputs are not permitted" };
  it.fake.reply({ status: 422, body: JSON.stringify({ message: { detail: [fault] } }) }, "one", "two");
  const first = await collect(it.provider.stream(requestOf(), never));
  const second = await collect(it.provider.stream(requestOf(), never));
  expect([joined(first.parts)[0], joined(second.parts)[0]]).toEqual([
    { type: "text", text: "one" },
    { type: "text", text: "two" },
  ]);
  expect(it.fake.requests.map(({ body }) => body.stream_options)).toEqual([
    { include_usage: true },
    undefined,
    undefined,
  ]);
});

test("openai-compatible sends thinking back to a model that asks for it, and to no other", async () => {
  await using it = await setUp();
  const call = { type: "tool_call" as const, call_id: "c1", tool: "time", args: {} };
  const request = requestOf({
    thinking: "low",
    messages: [
      { role: "user", content: [{ type: "text", text: "Hello" }] },
      { role: "assistant", content: [{ type: "text", text: "Hi" }] },
      { role: "user", content: [{ type: "text", text: "What time is it?" }] },
      { role: "assistant", content: [{ type: "thinking", text: "I have to look." }, call] },
      { role: "tool", call_id: "c1", tool: "time", ok: true, content: [{ type: "text", text: "noon" }] },
    ],
  });
  const message = "The `reasoning_content` in the thinking mode must be passed back to the API.";
  it.fake.reply({ status: 400, message }, "It is noon", "Again", "Other");
  const { parts } = await collect(it.provider.stream(request, never));
  expect(joined(parts)[0]).toEqual({ type: "text", text: "It is noon" });
  await collect(it.provider.stream(request, never));
  await collect(it.provider.stream({ ...request, model: "other" }, never));
  const sent = it.fake.requests.map(({ body }) => [
    body.reasoning_effort,
    ...body.messages
      .filter(({ role }: { role: string }) => role === "assistant")
      .map((each: { reasoning_content?: string }) => each.reasoning_content),
  ]);
  expect(sent).toEqual([
    ["low", undefined, undefined],
    ["low", "", "I have to look."],
    ["low", "", "I have to look."],
    ["low", undefined, undefined],
  ]);
});

test("openai-compatible sends sealed thinking back to the model that made it, as OpenRouter wants it for Gemini", async () => {
  await using it = await setUp();
  const sealed = { type: "reasoning.encrypted", data: "c2VhbA==", id: "c1", format: "google-gemini-v1", index: 0 };
  const call = { index: 0, id: "c1", function: { name: "time", arguments: "{}" } };
  it.fake.reply(
    {
      steps: [
        chunk({ reasoning: "Hm", reasoning_details: [{ type: "reasoning.text", text: "Hm", index: 0 }] }),
        chunk({ tool_calls: [call], reasoning_details: [sealed] }),
        chunk({}, "tool_calls"),
      ],
      end: "close",
    },
    "noon",
    "noon",
  );
  const request = requestOf();
  const { parts } = await collect(it.provider.stream(request, never));
  expect(parts.map(({ type }) => type)).toEqual(["thinking", "thinking", "tool_call", "finish"]);
  const content = joined(parts).filter((part) => part.type === "thinking" || part.type === "tool_call");
  const messages: ModelMessage[] = [
    ...request.messages,
    { role: "assistant", content },
    { role: "tool", call_id: "c1", tool: "time", ok: true, content: [{ type: "text", text: "noon" }] },
  ];
  await collect(it.provider.stream({ ...request, messages }, never));
  await collect(it.provider.stream({ ...request, messages, model: "other" }, never));
  const sent = it.fake.requests.map(({ body }) => body.messages.at(-2)?.reasoning_details);
  expect(sent).toEqual([undefined, [sealed], undefined]);
});

test("openai-compatible reads thinking and text that come as a list of blocks, as Mistral sends them", async () => {
  await using it = await setUp();
  const thought = (text: string) => ({ type: "thinking", thinking: [{ type: "text", text }] });
  it.fake.reply([
    chunk({ content: [thought("Hm")] }),
    chunk({ content: [thought("m"), { type: "text", text: "It is " }] }),
    chunk({ content: "noon" }),
  ]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(joined(parts).slice(0, 2)).toEqual([
    { type: "thinking", text: "Hmm" },
    { type: "text", text: "It is noon" },
  ]);
});

test("openai-compatible puts the pieces of calls together that come without an index", async () => {
  await using it = await setUp();
  const piece = (value: object) => chunk({ tool_calls: [value] });
  it.fake.reply({
    steps: [
      piece({ id: "a", function: { name: "read", arguments: '{"path":' } }),
      piece({ function: { arguments: '"x"}' } }),
      piece({ id: "b", function: { name: "read", arguments: '{"path":' } }),
      piece({ id: "b", function: { arguments: '"y"}' } }),
      chunk({}, "tool_calls"),
    ],
    end: "close",
  });
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts).toEqual([
    { type: "tool_call", call_id: "a", tool: "read", args: { path: "x" } },
    { type: "tool_call", call_id: "b", tool: "read", args: { path: "y" } },
    { type: "finish", reason: "tool_calls" },
  ]);
});
