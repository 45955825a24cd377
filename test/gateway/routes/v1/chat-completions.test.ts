import { describe, expect, test } from "bun:test";
import { DATA_HEADERS } from "../../../../src/sdk/route.ts";
import { startV1 } from "../../../support/v1.ts";

const HELLO = [{ role: "user", content: "Hello" }];
const USAGE = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

interface Chunk {
  readonly choices: readonly { readonly delta: Record<string, unknown> }[];
  readonly usage?: unknown;
}

/** The JSON of the events; the last one as it is. */
function events(text: string): { data: Chunk[]; last: string } {
  const all = text.split("\n\n").filter((event) => event.startsWith("data: "));
  const last = all.at(-1) ?? "";
  return { data: all.filter((event) => event !== "data: [DONE]").map((event) => JSON.parse(event.slice(6))), last };
}

describe("POST /v1/chat/completions", () => {
  test("hands a request in the vendor's own format on byte by byte, but for the model's name", async () => {
    await using v1 = await startV1();
    v1.openai.reply({ steps: ["Hi ", "there"] });
    const body =
      '{"seed":7, "messages":[{"role":"user","content":"\\"model\\""}],"new_field":{"a":[1]}, "model" : "oa/test-model","stream":true,"stream_options":{"include_usage":true}}';
    const response = await v1.post("/chat/completions", body);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(v1.openai.requests[0]!.body).toEqual({ ...JSON.parse(body), model: "test-model" });
    expect(v1.openai.requests[0]!.headers.get("authorization")).toBe("Bearer sk-openai-fake");
    const { data, last } = events(text);
    expect(data.map(({ choices, usage }) => [choices[0]?.delta ?? null, usage])).toEqual([
      [{ role: "assistant", content: "", refusal: null }, null],
      [{ content: "Hi " }, null],
      [{ content: "there" }, null],
      [{}, null],
      [null, USAGE],
    ]);
    expect(last).toBe("data: [DONE]");
  });

  test("asks for usage on its own behalf, counts it, and does not show what the client did not ask for", async () => {
    await using v1 = await startV1();
    v1.openai.reply({ steps: ["Hi"], usage: { input: 100, output: 20, cache_read: 30 } });
    const response = await v1.post("/chat/completions", { model: "oa/test-model", stream: true, messages: HELLO });
    const { data, last } = events(await response.text());
    expect(v1.openai.requests[0]!.body.stream_options).toEqual({ include_usage: true });
    expect(data.every(({ choices }) => choices.length === 1)).toBe(true);
    expect(last).toBe("data: [DONE]");
    const { rows } = await v1.app.client.call("usage.summary", { by: "model" });
    expect(rows).toMatchObject([{ key: "oa/test-model", replies: 1, input: 100, output: 20, cache_read: 30 }]);
  });

  test.each([
    ["handed on whole", "oa/test-model", false],
    ["handed on as a stream", "oa/test-model", true],
    ["translated", "an/test-model", false],
    ["translated as a stream", "an/test-model", true],
  ])("is data, never a page of its own, when it is %s", async (_, model, stream) => {
    await using v1 = await startV1();
    const whole = { body: "{}", headers: { "content-type": "application/json" } };
    v1.openai.reply(stream ? { steps: ["Hi"] } : whole);
    v1.anthropic.reply({ steps: ["Hi"] });
    const { headers, status } = await v1.post("/chat/completions", { model, stream, messages: HELLO });
    expect(status).toBe(200);
    expect(Object.fromEntries(Object.keys(DATA_HEADERS).map((name) => [name, headers.get(name)]))).toEqual(
      DATA_HEADERS,
    );
  });

  test("is translated for a model of another vendor, with usage where it is asked for", async () => {
    await using v1 = await startV1();
    v1.anthropic.reply([
      { thinking: "Hm" },
      { signature: "seal" },
      "Let me see",
      { tool_call: { id: "toolu_1", name: "look", args: { at: 1 } } },
    ]);
    const response = await v1.post("/chat/completions", {
      model: "an/test-model",
      messages: [{ role: "system", content: "Be brief" }, ...HELLO],
      tools: [{ type: "function", function: { name: "look", description: "Looks", parameters: { type: "object" } } }],
      stream: true,
      stream_options: { include_usage: true },
    });
    const { data } = events(await response.text());
    expect(data.map(({ choices, usage }) => choices[0]?.delta ?? usage)).toEqual([
      { role: "assistant", content: "", refusal: null },
      { reasoning_content: "Hm" },
      { content: "Let me see" },
      {
        tool_calls: [{ index: 0, id: "toolu_1", type: "function", function: { name: "look", arguments: '{"at":1}' } }],
      },
      {},
      USAGE,
    ]);
    expect(v1.anthropic.requests[0]!.body).toMatchObject({
      model: "test-model",
      system: [{ type: "text", text: "Be brief" }],
      tools: [{ name: "look", description: "Looks", input_schema: { type: "object" } }],
    });
  });

  test("asks a server that refuses it no more for usage that the client did not ask for", async () => {
    await using v1 = await startV1();
    const fault = { loc: ["body", "stream_options", "include_usage"], msg: "Extra inputs are not permitted" };
    v1.openai.reply({ status: 422, body: JSON.stringify({ message: { detail: [fault] } }) }, "one", "two");
    const ask = { model: "oa/test-model", messages: HELLO, stream: true };
    for (const text of ["one", "two"]) {
      expect(await (await v1.post("/chat/completions", ask)).text()).toContain(text);
    }
    const sent = v1.openai.requests.map(({ body }) => body.stream_options);
    expect(sent).toEqual([{ include_usage: true }, undefined, undefined]);
    v1.openai.reply({ status: 422, body: JSON.stringify({ message: { detail: [fault] } }) });
    const own = await v1.post("/chat/completions", { ...ask, stream_options: { include_usage: true } });
    expect(own.status).toBe(422);
  });

  test("takes the result of a tool with its name, as OpenAI's examples send it", async () => {
    await using v1 = await startV1();
    v1.anthropic.reply("Sunny");
    const call = { id: "toolu_1", type: "function", function: { name: "look", arguments: "{}" } };
    const response = await v1.post("/chat/completions", {
      model: "an/test-model",
      messages: [
        ...HELLO,
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "toolu_1", name: "look", content: "sun" },
      ],
      tools: [{ type: "function", function: { name: "look", parameters: { type: "object" } } }],
    });
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "Sunny" } }] });
    expect(v1.anthropic.requests[0]!.body.messages.at(-1)).toMatchObject({
      content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "sun" }] }],
    });
  });

  test.each([
    ["n", { n: 2 }],
    ["logprobs", { logprobs: true }],
    [
      "messages.0.content.0.image_url.url",
      {
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] }],
      },
    ],
    ["messages.1.tool_call_id", { messages: [...HELLO, { role: "tool", tool_call_id: "call_9", content: "x" }] }],
    ["new_field", { new_field: 1 }],
    ["prediction", { prediction: { type: "content", content: "x" } }],
  ])("names %s when it cannot be carried over, and asks nobody", async (param, fields) => {
    await using v1 = await startV1();
    const response = await v1.post("/chat/completions", { model: "an/test-model", messages: HELLO, ...fields });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: expect.stringContaining(`"${param}"`), type: "invalid_request_error", param, code: null },
    });
    expect(v1.anthropic.requests).toHaveLength(0);
  });

  test.each([
    ["no JSON", "{", null],
    ["no object", "[]", null],
    ["no model", { messages: HELLO }, "model"],
    ["no messages", { model: "oa/test-model" }, "messages"],
    ["an empty list of messages", { model: "oa/test-model", messages: [] }, "messages"],
  ])("refuses %s", async (_, body, param) => {
    await using v1 = await startV1();
    const response = await v1.post("/chat/completions", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param } });
    expect(v1.openai.requests).toHaveLength(0);
  });

  test("refuses a missing or wrong key in OpenAI's shape, and takes the right one as x-api-key too", async () => {
    await using v1 = await startV1();
    const body = JSON.stringify({ model: "oa/test-model", messages: HELLO, stream: true });
    const send = (headers: Record<string, string>) =>
      fetch(`${v1.url}/chat/completions`, { method: "POST", headers, body });
    for (const headers of [{}, { authorization: "Bearer nope" }, { "x-api-key": "nope" }]) {
      const refused = await send(headers);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: { type: "invalid_request_error", code: "invalid_api_key" } });
    }
    v1.openai.reply("Hi");
    const admitted = await send({ "x-api-key": v1.app.token });
    expect(admitted.status).toBe(200);
    await admitted.text();
  });

  test("shows the vendor's own words about a request that it refuses, and asks nobody else", async () => {
    await using v1 = await startV1({ models: { fallbacks: ["an/test-model"] } });
    v1.openai.reply({ status: 400, message: "Unknown parameter: 'x'." });
    const response = await v1.post("/chat/completions", { model: "oa/test-model", messages: HELLO, stream: true });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: "Unknown parameter: 'x'.", type: "invalid_request_error", param: null, code: null },
    });
    expect(v1.anthropic.requests).toHaveLength(0);
  });

  test("says 404 for a model that nobody has", async () => {
    await using v1 = await startV1();
    const response = await v1.post("/chat/completions", { model: "nobody/nothing", messages: HELLO });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found", type: "invalid_request_error" } });
  });

  test("a client that hangs up ends the vendor's request, handed on or translated", async () => {
    await using v1 = await startV1();
    for (const [model, fake] of [
      ["oa/test-model", v1.openai],
      ["an/test-model", v1.anthropic],
    ] as const) {
      fake.reply({ steps: ["first"], end: "silence" });
      const leaving = new AbortController();
      const response = await v1.post("/chat/completions", { model, messages: HELLO, stream: true }, {}, leaving.signal);
      const reader = response.body!.getReader();
      await reader.read();
      leaving.abort();
      expect(await fake.requests[0]!.ended).toBe("hung_up");
    }
  });

  test("a client that hangs up before the first byte ends the vendor's request", async () => {
    await using v1 = await startV1();
    v1.openai.reply({ end: "silence", steps: [] });
    const leaving = new AbortController();
    const asked = v1.post(
      "/chat/completions",
      { model: "oa/test-model", messages: HELLO, stream: true },
      {},
      leaving.signal,
    );
    asked.catch(() => "aborted");
    const request = await v1.openai.received(1);
    leaving.abort();
    expect(await request.ended).toBe("hung_up");
  });
});

describe("POST /v1/chat/completions to the agent", () => {
  test("runs the whole agent in the session that `user` names", async () => {
    await using v1 = await startV1();
    v1.openai.reply("I am Aleph", "Again");
    const ask = (content: string) =>
      v1.post("/chat/completions", {
        model: "aleph",
        user: "desk",
        stream: true,
        messages: [{ role: "user", content }],
      });
    const { data, last } = events(await (await ask("Who are you?")).text());
    expect(data.map(({ choices }) => choices[0]!.delta.content ?? "").join("")).toBe("I am Aleph");
    expect(last).toBe("data: [DONE]");
    const whole = await v1.post("/chat/completions", {
      model: "aleph/main",
      user: "desk",
      messages: [{ role: "user", content: "And now?" }],
    });
    expect(await whole.json()).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: "Again" }, finish_reason: "stop" }],
      usage: USAGE,
    });
    const { messages } = await v1.app.client.call("session.history", { session_key: "agent:main:chat:desk" });
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ["user", "Who are you?"],
      ["assistant", "I am Aleph"],
      ["user", "And now?"],
      ["assistant", "Again"],
    ]);
  });

  test("without a session it keeps nothing, and tells the agent what was said before", async () => {
    await using v1 = await startV1();
    v1.openai.reply("Bob");
    const messages = [
      { role: "user", content: "I am Bob" },
      { role: "assistant", content: "Hi" },
      { role: "user", content: "Who am I?" },
    ];
    await (await v1.post("/chat/completions", { model: "aleph", messages })).json();
    const asked = v1.openai.requests[0]!.body.messages.at(-1).content;
    expect(asked).toContain("User: I am Bob\n\nAssistant: Hi");
    expect(asked).toEndWith("Who am I?");
  });

  test.each([
    ["tools", { tools: [{ type: "function", function: { name: "x" } }] }],
    ["temperature", { temperature: 0.5 }],
    ["response_format", { response_format: { type: "json_object" } }],
  ])("names %s, which a run cannot carry out", async (param, fields) => {
    await using v1 = await startV1();
    const response = await v1.post("/chat/completions", { model: "aleph", messages: HELLO, ...fields });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });

  test("begins no more runs a second than limits.rate.run says; models are not counted", async () => {
    await using v1 = await startV1({ limits: { rate: { run: 2 } } });
    v1.openai.answer(() => "Here");
    const ask = (model: string, stream = false) => v1.post("/chat/completions", { model, messages: HELLO, stream });
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask("aleph")));
    const refused = answers.filter(({ status }) => status === 429);
    // A slow machine may let some more in meanwhile.
    expect(refused.length).toBeGreaterThan(0);
    expect(v1.openai.requests).toHaveLength(answers.length - refused.length);
    for (const answer of refused) {
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({
        error: { code: "rate_limited", message: expect.stringContaining("More than 2 runs a second") },
      });
    }
    const passed = await Promise.all(Array.from({ length: 12 }, () => ask("oa/test-model", true)));
    expect(passed.map(({ status }) => status)).toEqual(Array(12).fill(200));
  });

  test("a client that hangs up stops the run", async () => {
    await using v1 = await startV1();
    v1.openai.reply({ steps: ["first"], end: "silence" });
    const leaving = new AbortController();
    const response = await v1.post(
      "/chat/completions",
      { model: "aleph", messages: HELLO, stream: true },
      { "x-aleph-session-key": "agent:main:chat:leaving" },
      leaving.signal,
    );
    await response.body!.getReader().read();
    leaving.abort();
    expect(await v1.openai.requests[0]!.ended).toBe("hung_up");
  });
});
