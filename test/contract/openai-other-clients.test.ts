/** Anthropic's official client and the Vercel AI SDK, each in front of providers of every format. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import Anthropic from "@anthropic-ai/sdk";
import { embedMany, generateObject, generateText, type LanguageModel, streamText, tool } from "ai";
import * as z from "zod";
import { MODELS, type Mocked, PNG, startMocked } from "../support/aimock.ts";

let mocked: Mocked;
let anthropic: Anthropic;
beforeAll(async () => {
  mocked = await startMocked();
  anthropic = new Anthropic({ baseURL: mocked.url, apiKey: mocked.app.token, maxRetries: 0 });
});
afterAll(() => mocked[Symbol.asyncDispose]());

const HELLO = "Hello from the other side, said in more than one chunk";
const MAX = 1000;
const settled = async <T>(call: PromiseLike<T>): Promise<T> => await call;

describe.each(Object.entries(MODELS))("@anthropic-ai/sdk in front of a provider of %s", (_, model) => {
  test("an answer, whole and streamed", async () => {
    const ask = { model, max_tokens: MAX, messages: [{ role: "user" as const, content: "hello" }] };
    const whole = await anthropic.messages.create(ask);
    expect(whole).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(whole.content).toMatchObject([{ type: "text", text: HELLO }]);
    let pieces = 0;
    const final = await anthropic.messages
      .stream({ ...ask, system: "Be brief" })
      .on("text", () => pieces++)
      .finalMessage();
    expect(final.content).toMatchObject([{ type: "text", text: HELLO }]);
    expect(pieces).toBeGreaterThan(1);
  });

  test("parallel tool calls there and back", async () => {
    const tools = [{ name: "get_weather", description: "Weather", input_schema: { type: "object" as const } }];
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "weather in Paris and Rome" }];
    const first = await anthropic.messages.stream({ model, max_tokens: MAX, messages, tools }).finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    const calls = first.content.filter((block) => block.type === "tool_use");
    expect(calls.map(({ input }) => input)).toEqual([{ city: "Paris" }, { city: "Rome" }]);
    messages.push({ role: "assistant", content: first.content });
    messages.push({
      role: "user",
      content: calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "sunny" })),
    });
    const second = await anthropic.messages.create({ model, max_tokens: MAX, messages, tools });
    expect(second.content).toMatchObject([{ type: "text", text: "Paris is sunny, Rome is not" }]);
  });

  test("a picture is taken", async () => {
    const source = { type: "base64" as const, media_type: "image/png" as const, data: PNG };
    const answer = await anthropic.messages.create({
      model,
      max_tokens: MAX,
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source },
            { type: "text", text: "what is this" },
          ],
        },
      ],
    });
    expect(answer.content).toMatchObject([{ type: "text", text: "A red square" }]);
  });

  test("errors are the client's own classes", async () => {
    const messages = [{ role: "user" as const, content: "hello" }];
    mocked.mock.nextRequestError(400, { message: "No such thing", type: "invalid_request_error" });
    const bad = anthropic.messages.create({ model, max_tokens: MAX, messages });
    await expect(settled(bad)).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    const stranger = new Anthropic({ baseURL: mocked.url, apiKey: "wrong", maxRetries: 0 });
    const refused = stranger.messages.create({ model, max_tokens: MAX, messages });
    await expect(settled(refused)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    const unknown = anthropic.messages.create({ model: "nobody/x", max_tokens: MAX, messages });
    await expect(settled(unknown)).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });
});

test("@anthropic-ai/sdk lists models and finds one", async () => {
  const ids: string[] = [];
  for await (const { id } of anthropic.models.list()) ids.push(id);
  expect(ids).toContain("aleph");
  expect(await anthropic.models.retrieve(ids[0]!)).toMatchObject({ type: "model", id: ids[0] });
});

type Wire = "chat" | "responses" | "messages";

function languageModel(wire: Wire, model: string): LanguageModel {
  const settings = { baseURL: `${mocked.url}/v1`, apiKey: mocked.app.token };
  if (wire === "messages") return createAnthropic(settings)(model);
  const openai = createOpenAI(settings);
  return wire === "chat" ? openai.chat(model) : openai.responses(model);
}

const rows = (["chat", "responses", "messages"] as const).flatMap((wire) =>
  Object.entries(MODELS).map(([format, model]) => [wire, format, model] as const),
);

describe.each(rows)("ai over %s in front of a provider of %s", (wire, _, model) => {
  const weather = tool({
    description: "Weather",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `${city} is sunny`,
  });

  test("text, streamed and whole", async () => {
    const ask = { model: languageModel(wire, model), prompt: "hello", maxRetries: 0 };
    expect((await generateText(ask)).text).toBe(HELLO);
    const pieces: string[] = [];
    for await (const piece of streamText(ask).textStream) pieces.push(piece);
    expect(pieces.join("")).toBe(HELLO);
    expect(pieces.length).toBeGreaterThan(1);
  });

  test("tools that it calls itself", async () => {
    const { toolCalls } = await generateText({
      model: languageModel(wire, model),
      prompt: "weather in Paris and Rome",
      tools: { get_weather: weather },
      maxRetries: 0,
    });
    expect(toolCalls.map(({ toolName, input }) => [toolName, input])).toEqual([
      ["get_weather", { city: "Paris" }],
      ["get_weather", { city: "Rome" }],
    ]);
  });

  test("an object by a schema", async () => {
    const { object } = await generateObject({
      model: languageModel(wire, model),
      prompt: "a person as JSON",
      schema: z.object({ name: z.string(), age: z.number() }),
      maxRetries: 0,
    });
    expect(object).toEqual({ name: "Ada", age: 36 });
  });
});

test("ai embeds", async () => {
  const openai = createOpenAI({ baseURL: `${mocked.url}/v1`, apiKey: mocked.app.token });
  const model = openai.embedding("oa/text-embedding-3-small");
  const { embeddings } = await embedMany({ model, values: ["a text", "a text"], maxRetries: 0 });
  expect(embeddings).toEqual([
    [0.25, -0.5, 1],
    [0.25, -0.5, 1],
  ]);
});
