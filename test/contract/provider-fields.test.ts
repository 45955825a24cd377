/** The fields of a request besides the conversation: each vendor's form of them, or a refusal that names the field. */
import { describe, expect, test } from "bun:test";
import type { ModelRequest, ToolSpec } from "../../src/sdk/provider.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { collect, never, openProvider, requestOf } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const STARTS = {
  anthropic: startAnthropicFake,
  openai: startOpenAiFake,
  "openai-compatible": startOpenAiFake,
  gemini: startGeminiFake,
  ollama: startOllamaFake,
} as const;
type Type = keyof typeof STARTS;

const READ: ToolSpec = { name: "read", description: "Reads", parameters: { type: "object" } };
const schema = { type: "object", properties: { a: { type: "string" } } };
const json = { type: "json" } as const;
const jsonSchema = { type: "json_schema", name: "reply", schema, strict: true } as const;
const tools = [READ];

/** What of the body is due to `fields`: what is there beside the body of the same request without them. */
async function sentFor(type: Type, fields: Partial<ModelRequest>) {
  await using fake = STARTS[type]();
  const provider = await openProvider(type, { base_url: fake.url });
  fake.reply("ok", "ok");
  const { tools: given = [], ...rest } = fields;
  await collect(provider.stream(requestOf({ tools: given }), never));
  const { error } = await collect(provider.stream(requestOf({ tools: given, ...rest }), never));
  if (error !== undefined) return { error, requests: fake.requests.length - 1 };
  const [plain, sent] = fake.requests.map(({ body }) => body as Record<string, unknown>);
  const more = Object.entries(sent!).filter(([key, value]) => JSON.stringify(plain![key]) !== JSON.stringify(value));
  const gone = Object.keys(plain!).filter((key) => !(key in sent!));
  return { body: Object.fromEntries(more), gone, version: fake.requests[1]!.headers.get("anthropic-version") };
}

const CHAT = ["openai", "openai-compatible", "gemini"] as const;

describe.each(CHAT)("provider %s", (type) => {
  test.each([
    [{ toolChoice: "auto", tools }, { tool_choice: "auto" }],
    [{ toolChoice: "none", tools }, { tool_choice: "none" }],
    [{ toolChoice: "required", tools }, { tool_choice: "required" }],
    [{ toolChoice: { tool: "read" }, tools }, { tool_choice: { type: "function", function: { name: "read" } } }],
    [{ toolChoice: "none" }, {}],
    [{ parallelToolCalls: false }, {}],
    [{ responseFormat: json }, { response_format: { type: "json_object" } }],
    [
      { responseFormat: jsonSchema },
      { response_format: { type: "json_schema", json_schema: { name: "reply", schema, strict: true } } },
    ],
    [
      { temperature: 0, topP: 0.5, stop: ["END"], seed: 7 },
      { temperature: 0, top_p: 0.5, stop: ["END"], seed: 7 },
    ],
    [{ stop: [] }, {}],
  ] satisfies [Partial<ModelRequest>, object][])("sends %j in the form of Chat Completions", async (fields, body) => {
    expect(await sentFor(type, fields)).toEqual({ body, gone: [], version: null });
  });
});

test.each(["openai", "openai-compatible"] as const)("provider %s says whether calls may be parallel", async (type) => {
  expect(await sentFor(type, { parallelToolCalls: false, tools })).toMatchObject({
    body: { parallel_tool_calls: false },
  });
  expect(await sentFor(type, { parallelToolCalls: true, tools })).toMatchObject({
    body: { parallel_tool_calls: true },
  });
});

test.each([
  [{ toolChoice: "auto", tools }, { tool_choice: { type: "auto" } }],
  [{ toolChoice: "none", tools, parallelToolCalls: false }, { tool_choice: { type: "none" } }],
  [{ toolChoice: "required", tools }, { tool_choice: { type: "any" } }],
  [
    { toolChoice: { tool: "read" }, tools, parallelToolCalls: false },
    { tool_choice: { type: "tool", name: "read", disable_parallel_tool_use: true } },
  ],
  [{ parallelToolCalls: false, tools }, { tool_choice: { type: "auto", disable_parallel_tool_use: true } }],
  [{ parallelToolCalls: true, tools }, {}],
  [{ toolChoice: "none" }, {}],
  [{ responseFormat: jsonSchema }, { output_config: { format: { type: "json_schema", schema } } }],
  [{ stop: ["END"] }, { stop_sequences: ["END"] }],
] satisfies [Partial<ModelRequest>, object][])(
  "provider anthropic sends %j in the form of Messages",
  async (fields, body) => {
    expect(await sentFor("anthropic", fields)).toEqual({ body, gone: [], version: "2026-10-21" });
  },
);

test("provider anthropic asks for sampling in the version of the API that has it", async () => {
  const sent = await sentFor("anthropic", { temperature: 0, topP: 0.5 });
  expect(sent).toEqual({ body: { temperature: 0, top_p: 0.5 }, gone: [], version: "2023-06-01" });
});

test("provider anthropic asks for a schema beside the effort", async () => {
  await using fake = startAnthropicFake();
  const provider = await openProvider("anthropic", { base_url: fake.url });
  fake.reply("ok");
  const request = requestOf({ model: "claude-opus-5-5", thinking: "high", responseFormat: jsonSchema });
  await collect(provider.stream(request, never));
  expect(fake.requests[0]!.body.output_config).toEqual({ effort: "high", format: { type: "json_schema", schema } });
});

test("provider anthropic does not give up thinking for a tool choice that forbids it, but says so", async () => {
  await using fake = startAnthropicFake();
  const provider = await openProvider("anthropic", { base_url: fake.url });
  const message = "Thinking may not be enabled when tool_choice forces tool use";
  fake.reply({ status: 400, message });
  const request = requestOf({ model: "claude-opus-5-5", thinking: "high", tools, toolChoice: "required" });
  expect((await collect(provider.stream(request, never))).error).toEqual({
    reason: "provider_error",
    message: `Provider "anthropic" answered with status 400: ${message}`,
    data: { provider: "anthropic", failure: "bad_request", status: 400 },
  });
  expect(fake.requests).toHaveLength(1);
});

test.each([
  [{ toolChoice: "auto", tools }, {}, []],
  [{ toolChoice: "none", tools, parallelToolCalls: false }, {}, ["tools"]],
  [{ parallelToolCalls: true, tools }, {}, []],
  [{ responseFormat: json }, { format: "json" }, []],
  [{ responseFormat: jsonSchema }, { format: schema }, []],
  [
    { temperature: 0, topP: 0.5, stop: ["END"], seed: 7, maxOutputTokens: 9 },
    { options: { num_predict: 9, temperature: 0, top_p: 0.5, stop: ["END"], seed: 7 } },
    [],
  ],
] satisfies [Partial<ModelRequest>, object, string[]][])(
  "provider ollama sends %j in its form",
  async (fields, body, gone) => {
    expect(await sentFor("ollama", fields)).toEqual({ body, gone, version: null });
  },
);

test.each([
  ["anthropic", { seed: 7 }, "seed", "the API has no such field"],
  ["anthropic", { responseFormat: json }, "response_format", "JSON needs a schema"],
  ["gemini", { parallelToolCalls: false, tools }, "parallel_tool_calls", "the model may always call several"],
  ["ollama", { parallelToolCalls: false, tools }, "parallel_tool_calls", "the model may always call several"],
  ["ollama", { toolChoice: "required", tools }, "tool_choice", "the model decides whether it calls a tool"],
  ["ollama", { toolChoice: { tool: "read" }, tools }, "tool_choice", "the model decides whether it calls a tool"],
  ["anthropic", { toolChoice: "required" }, "tool_choice", "the request has no tools"],
  ["openai", { toolChoice: "required" }, "tool_choice", "the request has no tools"],
  ["ollama", { toolChoice: { tool: "write" }, tools }, "tool_choice", 'the request has no tool "write"'],
  ["gemini", { toolChoice: { tool: "write" }, tools }, "tool_choice", 'the request has no tool "write"'],
] satisfies [Type, Partial<ModelRequest>, string, string][])(
  "provider %s refuses %j, which it cannot carry out",
  async (type, fields, field, why) => {
    expect(await sentFor(type, fields)).toEqual({
      error: {
        reason: "provider_error",
        message: `Provider "${type}" cannot carry out "${field}": ${why}`,
        data: { provider: type, failure: "bad_request", field },
      },
      requests: 0,
    });
  },
);

test.each([
  [{ toolChoice: "required", tools }, "tool_choice"],
  [{ toolChoice: "none", tools }, "tool_choice"],
  [{ responseFormat: json }, "response_format"],
  [{ stop: ["END"] }, "stop"],
] satisfies [Partial<ModelRequest>, string][])(
  "provider demo refuses %j, which a script cannot heed",
  async (fields, field) => {
    const provider = await openProvider("demo", { delay_ms: 0 });
    expect((await collect(provider.stream(requestOf(fields), never))).error?.data).toEqual({
      provider: "demo",
      failure: "bad_request",
      field,
    });
  },
);

test("provider demo is the same at any temperature and for any seed", async () => {
  const provider = await openProvider("demo", { delay_ms: 0 });
  const plain = await collect(provider.stream(requestOf(), never));
  expect(await collect(provider.stream(requestOf({ temperature: 2, topP: 0.1, seed: 7 }), never))).toEqual(plain);
});

/** The tools of a request as the vendor gets them. */
async function toolsSent(type: Type, tools: readonly ToolSpec[]): Promise<unknown> {
  await using fake = STARTS[type]();
  const provider = await openProvider(type, { base_url: fake.url });
  fake.reply("ok");
  await collect(provider.stream(requestOf({ tools }), never));
  return (fake.requests[0]!.body as { tools: unknown }).tools;
}

test.each([true, undefined])(
  "providers that can hold a model to a tool's schema do when that is asked: %p",
  async (strict) => {
    const asked: ToolSpec = strict === undefined ? READ : { ...READ, strict };
    const told = strict === true ? { strict } : {};
    const { name, description, parameters } = READ;
    const chat = [{ type: "function", function: { name, description, parameters, ...told } }];
    expect(await toolsSent("openai", [asked])).toEqual(chat);
    expect(await toolsSent("openai-compatible", [asked])).toEqual(chat);
    expect(await toolsSent("anthropic", [asked])).toEqual([{ name, description, input_schema: parameters, ...told }]);
  },
);
