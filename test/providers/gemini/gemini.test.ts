/** Gemini's OpenAI-compatible endpoint where it differs from OpenAI. */
import { expect, test } from "bun:test";
import type { ModelMessage } from "../../../src/sdk/provider.ts";
import { startGeminiFake } from "../../support/providers/gemini.ts";
import { collect, never, openProvider, requestOf } from "../../support/providers/open.ts";

async function setUp() {
  const fake = startGeminiFake();
  const provider = await openProvider("gemini", { api_key: "AIzaKey", base_url: fake.url });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

test("gemini keeps the seal of a tool call and sends it back with the call", async () => {
  await using it = await setUp();
  it.fake.reply([
    { signature: "c2VhbA==" },
    { tool_call: { id: "a", name: "read", args: { path: "x" } } },
    { tool_call: { id: "b", name: "read", args: { path: "y" } } },
  ]);
  const request = requestOf({ model: "gemini-one", thinking: "low" });
  const { parts } = await collect(it.provider.stream(request, never));
  const seal = { type: "thinking" as const, text: "", signature: "gemini:a:c2VhbA==" };
  const a = { type: "tool_call" as const, call_id: "a", tool: "read", args: { path: "x" } };
  const b = { type: "tool_call" as const, call_id: "b", tool: "read", args: { path: "y" } };
  expect(parts.slice(0, 3)).toEqual([seal, a, b]);

  it.fake.reply("done", "done");
  const result = (id: string): ModelMessage => ({ role: "tool", call_id: id, tool: "read", ok: true, content: [] });
  const conversation = (content: Extract<ModelMessage, { role: "assistant" }>["content"]): ModelMessage[] => [
    ...request.messages,
    { role: "assistant", content },
    result("a"),
    result("b"),
  ];
  await collect(it.provider.stream({ ...request, messages: conversation([seal, a, b]) }, never));
  await collect(it.provider.stream({ ...request, messages: conversation([a, b]) }, never));
  const seals = it.fake.requests
    .slice(1)
    .map(({ body }) => body.messages[1].tool_calls.map((call: { extra_content?: unknown }) => call.extra_content));
  const sealed = (thought_signature: string) => ({ google: { thought_signature } });
  expect(seals).toEqual([
    [sealed("c2VhbA=="), undefined],
    [sealed("skip_thought_signature_validator"), undefined],
  ]);
});

test("gemini keeps parallel calls apart that all have the index 0", async () => {
  await using it = await setUp();
  const chunk = (id: string, path: string) => ({
    raw: `data: ${JSON.stringify({
      choices: [
        {
          index: 0,
          delta: {
            tool_calls: [
              { index: 0, id, type: "function", function: { name: "read", arguments: `{"path":"${path}"}` } },
            ],
          },
          finish_reason: null,
        },
      ],
    })}\n\n`,
  });
  it.fake.reply([chunk("a", "x"), chunk("b", "y")]);
  const { parts } = await collect(it.provider.stream(requestOf(), never));
  expect(parts.slice(0, 2)).toEqual([
    { type: "tool_call", call_id: "a", tool: "read", args: { path: "x" } },
    { type: "tool_call", call_id: "b", tool: "read", args: { path: "y" } },
  ]);
});

test("gemini reads the wait that a rate limit names in its details", async () => {
  await using it = await setUp();
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.5s" }];
  const error = { code: 429, message: "Resource has been exhausted", status: "RESOURCE_EXHAUSTED", details };
  it.fake.reply({ status: 429, body: JSON.stringify([{ error }]) });
  const outcome = await collect(it.provider.stream(requestOf(), never));
  expect(outcome.error?.data).toEqual({
    provider: "gemini",
    failure: "rate_limit",
    status: 429,
    retry_after_ms: 34_500,
  });
});

test.each([
  ["PerMinute", 30, "rate_limit"],
  ["PerDay", 250, "quota"],
  ["PerMinute", 0, "quota"],
] as const)("gemini tells a limit %p of %p, which speaks of billing like all, as %p", async (span, limit, failure) => {
  await using it = await setUp();
  const message =
    "You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: " +
    `generate_content_free_tier_requests, limit: ${limit}, model: gemini-flash\nPlease retry in 4.2s.`;
  const details = [
    { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId: `Requests${span}-FreeTier` }] },
    { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "4.2s" },
  ];
  const error = { code: 429, message, status: "RESOURCE_EXHAUSTED", details };
  it.fake.reply({ status: 429, body: JSON.stringify([{ error }]) });
  const outcome = await collect(it.provider.stream(requestOf(), never));
  expect(outcome.error?.data).toMatchObject({ failure, status: 429, retry_after_ms: 4_200 });
});

test("gemini knows a refused key by its words, since the status is 400", async () => {
  await using it = await setUp();
  it.fake.reply({ status: 400, message: "API key not valid. Please pass a valid API key." });
  const { error } = await collect(it.provider.stream(requestOf(), never));
  expect(error?.data).toEqual({ provider: "gemini", failure: "auth", status: 400 });
});

test("gemini asks models that must think for as little as they take", async () => {
  await using it = await setUp();
  it.fake.reply({ status: 400, message: "Reasoning cannot be disabled: none" }, "ok");
  await collect(it.provider.stream(requestOf(), never));
  expect(it.fake.requests.map(({ body }) => body.reasoning_effort)).toEqual(["none", "minimal"]);
});
