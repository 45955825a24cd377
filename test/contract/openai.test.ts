/** The official `openai` client cannot tell Aleph from OpenAI, whoever stands behind the model. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import * as z from "zod";
import { MODELS, type Mocked, PNG, startMocked } from "../support/aimock.ts";

let mocked: Mocked;
let client: OpenAI;
beforeAll(async () => {
  mocked = await startMocked();
  client = new OpenAI({ baseURL: `${mocked.url}/v1`, apiKey: mocked.app.token, maxRetries: 0 });
});
afterAll(() => mocked[Symbol.asyncDispose]());

const HELLO = "Hello from the other side, said in more than one chunk";
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
/** The client's promises are lazy and have always resolved for whoever looks inside. */
const settled = async <T>(call: PromiseLike<T>): Promise<T> => await call;
const person = z.object({ name: z.string(), age: z.number() });

describe.each(Object.entries(MODELS))("openai in front of a provider of %s", (_, model) => {
  test("chat: an answer, whole and streamed", async () => {
    const ask = { model, messages: [{ role: "user" as const, content: "hello" }] };
    const whole = await client.chat.completions.create(ask);
    expect(whole.choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", content: HELLO } });
    expect(whole.usage?.total_tokens).toBeNumber();
    const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    let pieces = 0;
    stream.on("content", () => pieces++);
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]!.message.content).toBe(HELLO);
    expect(final.usage?.total_tokens).toBeNumber();
    expect(pieces).toBeGreaterThan(1);
  });

  test("chat: parallel tool calls there and back", async () => {
    const tools = [
      { type: "function" as const, function: { name: "get_weather", description: "Weather", parameters: PARAMETERS } },
    ];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "weather in Paris and Rome" }];
    const first = await client.chat.completions
      .stream({ model, messages, tools, tool_choice: "auto", parallel_tool_calls: true })
      .finalChatCompletion();
    const { message, finish_reason } = first.choices[0]!;
    expect(finish_reason).toBe("tool_calls");
    expect(message.tool_calls?.map((call) => call.type === "function" && JSON.parse(call.function.arguments))).toEqual([
      { city: "Paris" },
      { city: "Rome" },
    ]);
    for (const { id } of message.tool_calls!) messages.push({ role: "tool", tool_call_id: id, content: "sunny" });
    messages.splice(1, 0, message);
    const second = await client.chat.completions.create({ model, messages, tools });
    expect(second.choices[0]!.message.content).toBe("Paris is sunny, Rome is not");
  });

  test("chat: a picture reaches the model", async () => {
    mocked.mock.clearRequests();
    const url = `data:image/png;base64,${PNG}`;
    const answer = await client.chat.completions.create({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what is this" },
            { type: "image_url", image_url: { url } },
          ],
        },
      ],
    });
    expect(answer.choices[0]!.message.content).toBe("A red square");
    // Of a request in Anthropic's format it keeps the words only.
    if (!model.startsWith("an/")) expect(JSON.stringify(mocked.mock.getLastRequest())).toContain(PNG);
  });

  test("chat: JSON by a schema", async () => {
    const answer = await client.chat.completions.parse({
      model,
      messages: [{ role: "user", content: "a person as JSON" }],
      response_format: zodResponseFormat(person, "person"),
    });
    expect(answer.choices[0]!.message.parsed).toEqual({ name: "Ada", age: 36 });
  });

  test("responses: typed events in order, and the same whole", async () => {
    const events: string[] = [];
    const stream = client.responses.stream({ model, input: "hello", store: false });
    stream.on("event", ({ type }) => events.push(type));
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "completed", output_text: HELLO });
    expect([...new Set(events)]).toEqual(
      expect.arrayContaining([
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
      ]),
    );
    const whole = await client.responses.create({ model, input: "hello", store: false });
    expect(whole.output_text).toBe(HELLO);
    expect(whole.usage?.total_tokens).toBeNumber();
  });

  test("responses: kept, asked for, listed, taken up again and deleted", async () => {
    const first = await client.responses.create({ model, input: "hello" });
    const kept = await client.responses.retrieve(first.id);
    expect([kept.id, kept.output_text]).toEqual([first.id, HELLO]);
    const { data } = await client.responses.inputItems.list(first.id);
    expect(data).toMatchObject([{ type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] }]);
    const second = await client.responses
      .stream({ model, previous_response_id: first.id, input: "what is this" })
      .finalResponse();
    expect(second.output_text).toBe("A red square");
    // Where the vendor has responses of its own, this is for it to say.
    if (!model.startsWith("oa/")) expect(second.previous_response_id).toBe(first.id);
    expect((await client.responses.retrieve(second.id)).output_text).toBe("A red square");
    await client.responses.delete(first.id);
    await expect(settled(client.responses.retrieve(first.id))).rejects.toMatchObject({ status: 404 });
    await expect(settled(client.responses.delete(first.id))).rejects.toMatchObject({ status: 404 });
  });

  test("responses: tool calls there and back by the id of the response", async () => {
    const tools = [{ type: "function" as const, name: "get_weather", parameters: PARAMETERS, strict: false }];
    const first = await client.responses.stream({ model, input: "weather in Paris and Rome", tools }).finalResponse();
    const calls = first.output.filter((item) => item.type === "function_call");
    expect(calls.map((call) => JSON.parse(call.arguments))).toEqual([{ city: "Paris" }, { city: "Rome" }]);
    // The mock's own responses do not remember: there the items are sent again.
    const again = model.startsWith("oa/") ? calls : [];
    const second = await client.responses.create({
      model,
      tools,
      ...(again.length > 0 ? {} : { previous_response_id: first.id }),
      input: [
        ...(again.length > 0 ? [{ role: "user" as const, content: "weather in Paris and Rome" }] : []),
        ...again,
        ...calls.map(({ call_id }) => ({ type: "function_call_output" as const, call_id, output: "sunny" })),
      ],
    });
    expect(second.status).toBe("completed");
  });

  test("responses: JSON by a schema", async () => {
    const text = { format: zodTextFormat(person, "person") };
    const answer = await client.responses.parse({ model, input: "a person as JSON", text, store: false });
    expect(answer.output_parsed).toEqual({ name: "Ada", age: 36 });
  });

  test("errors are the client's own classes", async () => {
    const messages = [{ role: "user" as const, content: "hello" }];
    mocked.mock.nextRequestError(400, { message: "No such thing", type: "invalid_request_error" });
    await expect(settled(client.chat.completions.create({ model, messages }))).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
    const stranger = new OpenAI({ baseURL: `${mocked.url}/v1`, apiKey: "wrong", maxRetries: 0 });
    await expect(settled(stranger.chat.completions.create({ model, messages }))).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });

  test("an abort ends the stream at the client and behind it", async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [{ role: "user", content: "slowly" }],
      stream: true,
    });
    let pieces = 0;
    for await (const _ of stream) if (++pieces === 2) stream.controller.abort();
    expect(pieces).toBeLessThan(5);
  });
});

describe("openai beside conversations", () => {
  test.each(["float", "base64"] as const)("embeddings as %s", async (encoding_format) => {
    const { data, usage } = await client.embeddings.create({
      model: "oa/text-embedding-3-small",
      input: ["a text", "a text"],
      encoding_format,
    });
    expect(data.map(({ index }) => index)).toEqual([0, 1]);
    expect(usage.total_tokens).toBeNumber();
    const vector = data[0]!.embedding as number[] | string;
    const numbers =
      typeof vector === "string" ? [...new Float32Array(new Uint8Array(Buffer.from(vector, "base64")).buffer)] : vector;
    expect(numbers).toEqual([0.25, -0.5, 1]);
  });

  test("embeddings name what they cannot take", async () => {
    await expect(settled(client.embeddings.create({ model: "oa/x", input: [[1, 2]] }))).rejects.toMatchObject({
      status: 400,
    });
    await expect(settled(client.embeddings.create({ model: "an/x", input: "a text" }))).rejects.toMatchObject({
      status: 400,
      param: "model",
    });
  });

  test("pictures are made, and what cannot be carried over is named", async () => {
    const ask = { model: "oa/gpt-image-1", prompt: "a red square" };
    const { data } = await client.images.generate({ ...ask, size: "1024x1024" });
    expect(data).toEqual([{ b64_json: PNG }]);
    const linked = await client.images.generate({ ...ask, response_format: "url" });
    const picture = await fetch(linked.data![0]!.url!);
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Buffer.from(await picture.bytes()).toString("base64")).toBe(PNG);
    await expect(settled(client.images.generate({ ...ask, quality: "high" }))).rejects.toMatchObject({
      status: 400,
      param: "quality",
    });
    await expect(settled(client.images.generate({ ...ask, model: "an/x" }))).rejects.toMatchObject({ param: "model" });
  });

  test("speech is written down", async () => {
    const file = new File([new Uint8Array([1, 2, 3])], "speech.mp3", { type: "audio/mpeg" });
    const model = "oa/whisper-1";
    expect((await client.audio.transcriptions.create({ file, model })).text).toBe("Spoken words");
    expect(await client.audio.transcriptions.create({ file, model, response_format: "text" })).toBe(
      "Spoken words" as never,
    );
    const refused = client.audio.transcriptions.create({ file, model, prompt: "x" });
    await expect(settled(refused)).rejects.toMatchObject({ status: 400, param: "prompt" });
  });

  test("models are listed and found, with slashes in their names", async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toContain("aleph");
    const [{ id } = { id: "" }] = data;
    expect(id).toContain("/");
    expect(await client.models.retrieve(id)).toMatchObject({ id, object: "model" });
    await expect(settled(client.models.retrieve("oa/nothing-like-it"))).rejects.toMatchObject({ status: 404 });
  });
});
