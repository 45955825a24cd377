/** Between every pair of dialects and back: one conversation and one reply, written in each, mean the same. */
import { describe, expect, test } from "bun:test";
import type { Body, Reply, ReplyPart } from "../../src/dialects/dialect.ts";
import { gather } from "../../src/dialects/gather.ts";
import { dialects } from "../../src/dialects/index.ts";
import { DIALECTS, type Dialect, type ModelRequest } from "../../src/sdk/provider.ts";

const PNG = "iVBORw0KGgo=";
const SCHEMA = { type: "object", properties: { city: { type: "string" } } };
const OBJECT = { type: "object", properties: { a: { type: "number" } } };
const bytes = new Uint8Array(Buffer.from(PNG, "base64"));

/** What all three say below. */
const MEANT: Omit<ModelRequest, "model"> = {
  system: ["Be brief"],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Look" },
        { type: "media", mime: "image/png", data: bytes },
      ],
    },
    {
      role: "assistant",
      content: [
        { type: "text", text: "Looking" },
        { type: "tool_call", call_id: "call_1", tool: "weather", args: { city: "Paris" } },
        { type: "tool_call", call_id: "call_2", tool: "weather", args: { city: "Rome" } },
      ],
    },
    { role: "tool", call_id: "call_1", tool: "weather", ok: true, content: [{ type: "text", text: "sunny" }] },
    { role: "tool", call_id: "call_2", tool: "weather", ok: true, content: [{ type: "text", text: "rain" }] },
    { role: "user", content: [{ type: "text", text: "And?" }] },
  ],
  tools: [{ name: "weather", description: "Weather", parameters: SCHEMA }],
  thinking: "medium",
  maxOutputTokens: 500,
  toolChoice: { tool: "weather" },
  parallelToolCalls: false,
  temperature: 0.5,
  topP: 0.9,
};

const REQUESTS: Readonly<Record<Dialect, Body>> = {
  chat: {
    model: "m",
    messages: [
      { role: "system", content: "Be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
        ],
      },
      {
        role: "assistant",
        content: "Looking",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } },
          { id: "call_2", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "sunny" },
      { role: "tool", tool_call_id: "call_2", content: [{ type: "text", text: "rain" }] },
      { role: "user", content: "And?" },
    ],
    tools: [{ type: "function", function: { name: "weather", description: "Weather", parameters: SCHEMA } }],
    tool_choice: { type: "function", function: { name: "weather" } },
    parallel_tool_calls: false,
    reasoning_effort: "medium",
    max_completion_tokens: 500,
    temperature: 0.5,
    top_p: 0.9,
  },
  messages: {
    model: "m",
    system: [{ type: "text", text: "Be brief", cache_control: { type: "ephemeral" } }],
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Looking" },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "Paris" } },
          { type: "tool_use", id: "call_2", name: "weather", input: { city: "Rome" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: "sunny" },
          { type: "tool_result", tool_use_id: "call_2", content: [{ type: "text", text: "rain" }] },
          { type: "text", text: "And?" },
        ],
      },
    ],
    tools: [{ name: "weather", description: "Weather", input_schema: SCHEMA }],
    tool_choice: { type: "tool", name: "weather", disable_parallel_tool_use: true },
    thinking: { type: "enabled", budget_tokens: 10_000 },
    max_tokens: 500,
    temperature: 0.5,
    top_p: 0.9,
  },
  responses: {
    model: "m",
    instructions: "Be brief",
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
        ],
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Looking", annotations: [] }] },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: '{"city":"Paris"}' },
      { type: "function_call", call_id: "call_2", name: "weather", arguments: '{"city":"Rome"}' },
      { type: "function_call_output", call_id: "call_1", output: "sunny" },
      { type: "function_call_output", call_id: "call_2", output: "rain" },
      { role: "user", content: "And?" },
    ],
    tools: [{ type: "function", name: "weather", description: "Weather", parameters: SCHEMA }],
    tool_choice: { type: "function", name: "weather" },
    parallel_tool_calls: false,
    reasoning: { effort: "medium" },
    max_output_tokens: 500,
    temperature: 0.5,
    top_p: 0.9,
  },
};

const FORMATS: Readonly<Record<Dialect, Body>> = {
  chat: { response_format: { type: "json_schema", json_schema: { name: "answer", schema: OBJECT, strict: true } } },
  messages: { output_config: { format: { type: "json_schema", schema: OBJECT } } },
  responses: { text: { format: { type: "json_schema", name: "answer", schema: OBJECT, strict: true } } },
};

describe.each([...DIALECTS])("a request in %s", (dialect) => {
  test("means what it means in the others", async () => {
    expect((await dialects[dialect]()).parse(REQUESTS[dialect])).toEqual(MEANT);
  });

  test("asks for JSON by a schema as the others do", async () => {
    const format = await dialects[dialect]();
    const { responseFormat } = format.parse({ ...REQUESTS[dialect], ...FORMATS[dialect] });
    expect(responseFormat).toEqual({ type: "json_schema", name: "answer", schema: OBJECT, strict: true });
  });

  test("names a field that nobody knows", async () => {
    const format = await dialects[dialect]();
    expect(() => format.parse({ ...REQUESTS[dialect], surprise: 1 })).toThrow(
      '"surprise" cannot be carried over to the model that answers',
    );
  });
});

const PARTS: readonly ReplyPart[] = [
  { type: "model", provider: "p", model: "m" },
  { type: "thinking", text: "Let me " },
  { type: "thinking", text: "think", signature: "seal" },
  { type: "text", text: "It is " },
  { type: "text", text: "sunny" },
  { type: "tool_call", call_id: "call_3", tool: "weather", args: { city: "Oslo" } },
  { type: "tool_call", call_id: "call_4", tool: "weather", args: { city: "Bern" } },
  { type: "usage", usage: { input: 7, output: 5, cache_read: 3, cache_write: 2, cost_usd: null } },
  { type: "finish", reason: "tool_calls" },
];
const HEAD = { id: "id_1", created: 1_700_000_000, model: "m" };

async function* each(parts: readonly ReplyPart[]): AsyncGenerator<ReplyPart> {
  yield* parts;
}

/** The last reply as the next request in the same dialect sends it back. */
function sentBack(dialect: Dialect, reply: Body): Body {
  if (dialect === "responses") {
    return { ...REQUESTS.responses, input: [{ role: "user", content: "Hi" }, ...(reply.output as object[])] };
  }
  const message =
    dialect === "chat"
      ? (reply.choices as { message: object }[])[0]!.message
      : { role: "assistant", content: reply.content };
  return { ...REQUESTS[dialect], messages: [{ role: "user", content: "Hi" }, message] };
}

/** What a stream of events says, put together as a whole answer by hand. */
function eventsOf(text: string): Body[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as Body);
}

describe.each([...DIALECTS])("a reply in %s", (dialect) => {
  test("comes back as what it was", async () => {
    const format = await dialects[dialect]();
    const reply: Reply = await gather(each(PARTS));
    const { messages } = format.parse(sentBack(dialect, format.reply(reply, HEAD, { model: "m" })));
    // Chat Completions has no place for the seal of thinking.
    const seal = dialect === "chat" ? {} : { signature: "seal" };
    expect(messages.at(-1)).toEqual({
      role: "assistant",
      content: [
        { type: "thinking", text: "Let me think", ...seal },
        { type: "text", text: "It is sunny" },
        { type: "tool_call", call_id: "call_3", tool: "weather", args: { city: "Oslo" } },
        { type: "tool_call", call_id: "call_4", tool: "weather", args: { city: "Bern" } },
      ],
    });
  });

  test("has the same words streamed as whole", async () => {
    const encoder = (await dialects[dialect]()).encoder(HEAD, { model: "m", stream_options: { include_usage: true } });
    const text = [encoder.begin(), ...PARTS.map((part) => encoder.part(part)), encoder.end()].join("");
    const all = JSON.stringify(eventsOf(text));
    const pieces = [...all.matchAll(/"(?:content|text|delta)":"((?:[^"\\]|\\.)*)"/g)]
      .map(([, piece]) => piece)
      .join("|");
    expect(pieces).toContain("It is |sunny");
    const count = dialect === "chat" ? "prompt_tokens" : "input_tokens";
    expect(all).toContain(`"${count}":${dialect === "messages" ? 7 : 12}`);
  });
});

describe("a reply in any dialect", () => {
  const pairs = DIALECTS.flatMap((from) => DIALECTS.map((to) => [from, to] as const));
  test.each(pairs)("goes from %s to %s and back", async (from, to) => {
    const [source, target] = [await dialects[from](), await dialects[to]()];
    const parts = PARTS.filter(({ type }) => type !== "thinking");
    const first = source.parse(sentBack(from, source.reply(await gather(each(parts)), HEAD, {}))).messages.at(-1)!;
    const content = first.role === "assistant" ? first.content : [];
    const again: ReplyPart[] = [...content, { type: "finish", reason: "tool_calls" }];
    const there = target.parse(sentBack(to, target.reply(await gather(each(again)), HEAD, {}))).messages.at(-1);
    expect(there).toEqual(first);
  });

  test("ends for the same reasons", async () => {
    const said = async (reason: "stop" | "length" | "refused") =>
      Promise.all(
        DIALECTS.map(async (dialect) => {
          const reply = { blocks: [], finish: reason, usage: undefined };
          const body = (await dialects[dialect]()).reply(reply, HEAD, {});
          if (dialect === "chat") return (body.choices as { finish_reason: string }[])[0]!.finish_reason;
          return dialect === "messages" ? body.stop_reason : [body.status, body.incomplete_details];
        }),
      );
    expect(await said("stop")).toEqual(["stop", ["completed", null], "end_turn"]);
    expect(await said("length")).toEqual(["length", ["incomplete", { reason: "max_output_tokens" }], "max_tokens"]);
    expect(await said("refused")).toEqual(["content_filter", ["incomplete", { reason: "content_filter" }], "refusal"]);
  });
});
