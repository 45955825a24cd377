/** The adapters of docs/protocol-adapters.md, as they stand there, against servers that speak those wires. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProviderTable } from "../../src/config/schema.ts";
import { createLog } from "../../src/lib/log.ts";
import { providers } from "../../src/providers/index.ts";
import { Protocols } from "../../src/providers/protocols.ts";
import type { ModelMessage, ModelRequest, ToolSpec } from "../../src/sdk/provider.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";
import { startCohereFake } from "../support/providers/cohere.ts";
import { createModels } from "../support/providers/models.ts";
import { collect, joined, never, requestOf } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const KEY = "sk-secret-key";
const tools: ToolSpec[] = [{ name: "read", description: "Reads", parameters: { type: "object", properties: {} } }];

/** The examples by the name of their file. */
function documented(): Record<string, string> {
  const text = readFileSync(join(import.meta.dir, "../../docs/protocol-adapters.md"), "utf8");
  const found = [...text.matchAll(/`protocols\/(\w+)\.toml`:\n\n```toml\n([\s\S]*?)```/g)];
  return Object.fromEntries(found.map(([, name, toml]) => [name, toml]));
}

async function open(files: Record<string, string>, table: ProviderTable) {
  const folder = await testFolder();
  await mkdir(join(folder.path, "protocols"));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder.path, "protocols", `${name}.toml`), text);
  }
  const log = createLog({ write: () => undefined, level: () => "error" });
  const { types } = new Protocols({ folder: join(folder.path, "protocols"), builtIn: providers, log });
  const models = createModels({ providers: { my: table }, options: { types } });
  return { models, provider: await models.open("my"), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("docs/protocol-adapters.md has two examples", () => {
  expect(Object.keys(documented())).toEqual(["azure", "cohere"]);
});

describe("the documented adapter azure", () => {
  async function setUp() {
    const fake = startOpenAiFake();
    const it = await open(documented(), { type: "azure", api_key: KEY, base_url: `${fake.url}/openai` });
    const dispose = () => Promise.all([fake[Symbol.asyncDispose](), it[Symbol.asyncDispose]()]).then(() => undefined);
    return { ...it, fake, [Symbol.asyncDispose]: dispose };
  }

  test("asks at its own paths, with its own header and parameter", async () => {
    await using it = await setUp();
    const seen: object[] = [];
    it.fake.intercept(async ({ path, headers, body }) => {
      seen.push({ path, key: headers.get("api-key"), bearer: headers.get("authorization"), body });
      const chunk = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
      const choice = { index: 0, delta: { content: "Hello" }, finish_reason: "stop" };
      return new Response(`${chunk({ id: "x", choices: [choice] })}data: [DONE]\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    });
    const { parts, error } = await collect(it.provider.stream(requestOf({ model: "my deployment" }), never));
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "text", text: "Hello" },
      { type: "finish", reason: "stop" },
    ]);
    expect(seen).toEqual([
      {
        path: "/v1/openai/deployments/my%20deployment/chat/completions",
        key: KEY,
        bearer: null,
        body: {
          model: "my deployment",
          messages: [{ role: "user", content: "Hello" }],
          stream: true,
          user: "aleph",
        },
      },
    ]);
  });

  test("has a model of its own for whoever names none", async () => {
    await using it = await open(documented(), { type: "azure", api_key: KEY });
    expect(await it.models.resolve("my")).toMatchObject({ ref: "my/my-deployment" });
  });

  test("carries the version in the address, also of what is handed on", async () => {
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => Response.json({ url: request.url.replace(/^http:\/\/[^/]+/, "") }),
    });
    await using it = await open(documented(), { type: "azure", api_key: KEY, base_url: `${server.url.origin}/openai` });
    const response = await it.provider.forward!.chat!('{"model":"gpt-x"}', new AbortController());
    expect(await response.json()).toEqual({
      url: "/openai/deployments/gpt-x/chat/completions?api-version=2024-10-21",
    });
  });

  test("makes vectors at its own path, without the additions of chat", async () => {
    await using it = await setUp();
    let asked: object | undefined;
    it.fake.intercept(({ path, body }) => {
      asked = { path, body };
      return Response.json({ data: [{ index: 0, embedding: [1] }] });
    });
    expect(await it.provider.embed!({ model: "e", texts: ["a"] }, never)).toEqual({ vectors: [[1]], inputTokens: 0 });
    expect(asked).toEqual({ path: "/v1/openai/deployments/e/embeddings", body: { model: "e", input: ["a"] } });
  });

  test("reports failures as any provider does, without the key", async () => {
    await using it = await setUp();
    it.fake.intercept(() => Response.json({ error: { message: `Not with ${KEY}` } }, { status: 400 }));
    const { error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: 'Provider "my" answered with status 400: Not with [masked]',
      data: { provider: "my", failure: "bad_request", status: 400 },
    });
  });
});

describe("the documented adapter cohere", () => {
  async function setUp(key = KEY) {
    const fake = startCohereFake({ key, models: ["command-a-03-2025", "command-r"] });
    const it = await open(documented(), {
      type: "cohere",
      api_key: KEY,
      base_url: fake.url,
      models: [{ id: "command-r", price: { input: 1, output: 2 } }],
    });
    const dispose = () => Promise.all([fake[Symbol.asyncDispose](), it[Symbol.asyncDispose]()]).then(() => undefined);
    return { ...it, fake, [Symbol.asyncDispose]: dispose };
  }

  test("streams thinking, text and usage", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: [{ thinking: "Hm" }, { ping: true }, "Hel", "lo"], usage: { input: 12, output: 3 } });
    const { parts, error } = await collect(it.provider.stream(requestOf(), never));
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { type: "thinking", text: "Hm" },
      { type: "text", text: "Hel" },
      { type: "text", text: "lo" },
      { type: "usage", usage: { input: 12, output: 3, cache_read: 0, cache_write: 0 } },
      { type: "finish", reason: "stop" },
    ]);
  });

  test("calls tools in parallel, and sends the whole conversation", async () => {
    await using it = await setUp();
    it.fake.reply([
      "Reading. ",
      { tool_call: { id: "call_a", name: "read", args: { path: "a" } } },
      { tool_call: { id: "call_b", name: "read", args: { path: "ä", lines: [1] } } },
    ]);
    const messages: ModelMessage[] = [
      { role: "user", content: [{ type: "text", text: "Read" }] },
      { role: "assistant", content: [{ type: "tool_call", call_id: "c", tool: "read", args: {} }] },
      { role: "tool", call_id: "c", tool: "read", ok: true, content: [{ type: "text", text: "Text" }] },
    ];
    const fields: Partial<ModelRequest> = { maxOutputTokens: 9, temperature: 0, topP: 0.5, stop: ["END"], seed: 7 };
    const request = requestOf({ model: "command-r", system: ["Be brief."], messages, tools, ...fields });
    const { parts } = await collect(it.provider.stream(request, never));
    expect(joined(parts).slice(0, 3)).toEqual([
      { type: "text", text: "Reading. " },
      { type: "tool_call", call_id: "call_a", tool: "read", args: { path: "a" } },
      { type: "tool_call", call_id: "call_b", tool: "read", args: { path: "ä", lines: [1] } },
    ]);
    expect(parts.at(-1)).toEqual({ type: "finish", reason: "tool_calls" });
    expect(it.fake.requests[0]!.body).toEqual({
      model: "command-r",
      stream: true,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Read" },
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c", type: "function", function: { name: "read", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c", content: "Text" },
      ],
      tools: [{ type: "function", function: { name: "read", description: "Reads", parameters: tools[0]!.parameters } }],
      max_tokens: 9,
      temperature: 0,
      p: 0.5,
      stop_sequences: ["END"],
      seed: 7,
    });
  });

  test("says that a reply ran out of tokens, and that it failed", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["So"], finish: "length" }, { steps: ["So"], finish: "refused" });
    const { parts } = await collect(it.provider.stream(requestOf(), never));
    expect(parts.at(-1)).toEqual({ type: "finish", reason: "length" });
    expect((await collect(it.provider.stream(requestOf(), never))).error).toEqual({
      reason: "provider_error",
      message: 'Provider "my" broke off its reply: it ended with ERROR',
      data: { provider: "my", failure: "overloaded" },
    });
  });

  test.each([
    [{ toolChoice: "required", tools }, "tool_choice"],
    [{ parallelToolCalls: false, tools }, "parallel_tool_calls"],
    [{ responseFormat: { type: "json" } }, "response_format"],
  ] satisfies [Partial<ModelRequest>, string][])("refuses %j, which it has no place for", async (fields, field) => {
    await using it = await setUp();
    const { error } = await collect(it.provider.stream(requestOf(fields), never));
    expect(error).toEqual({
      reason: "provider_error",
      message: `Provider "my" cannot carry out "${field}": its protocol adapter has no place for it`,
      data: { provider: "my", failure: "bad_request", field },
    });
    expect(it.fake.journal).toEqual([]);
  });

  test("lists the models with what the table says of them", async () => {
    await using it = await setUp();
    expect(await it.provider.models(never)).toEqual([
      { id: "command-a-03-2025", tools: true },
      { id: "command-r", tools: true, price: { input: 1, output: 2 } },
    ]);
    expect(await it.models.test("my", never)).toMatchObject({ ok: false, model: "command-r" });
    it.fake.answer(() => "ok");
    expect(await it.models.test("my", never)).toMatchObject({ ok: true, model: "command-r" });
  });

  test("reports a refused key, an error inside of a stream, half a stream, garbage and silence", async () => {
    await using other = await setUp("another");
    const failure = async (stream: ReturnType<typeof other.provider.stream>) =>
      (await collect(stream)).error?.data.failure;
    expect(await failure(other.provider.stream(requestOf(), never))).toBe("auth");
    await using it = await setUp();
    it.fake.reply(
      ["Hel", { error: { type: "x", message: "Too many requests" } }],
      { steps: ["Hel"], end: "close" },
      { steps: ["Hel"], end: "cut" },
      ["Hel", { raw: "data: {oops\n\n" }],
      { body: "<html>" },
      { body: "" },
      { status: 429, message: "Slow", headers: { "retry-after": "3" } },
    );
    const failures = [];
    for (let count = 0; count < 7; count++) failures.push(await failure(it.provider.stream(requestOf(), never)));
    expect(failures).toEqual(["rate_limit", "network", "network", "malformed", "malformed", "malformed", "rate_limit"]);
  });

  test("hangs up at once when its signal aborts", async () => {
    await using it = await setUp();
    it.fake.reply({ steps: ["Hello"], end: "silence" });
    const controller = new AbortController();
    const outcome = (async () => {
      for await (const part of it.provider.stream(requestOf(), controller.signal)) {
        if (part.type === "text") controller.abort();
      }
    })().catch((error) => error.reason);
    expect(await outcome).toBe("cancelled");
    expect(await it.fake.requests[0]!.ended).toBe("hung_up");
  });
});

describe("an adapter with a wire of its own", () => {
  /** A server that answers with `body` and keeps what it was asked. */
  function serve(body: string) {
    const asked: { url: string; headers: Headers; body: unknown }[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        asked.push({
          url: request.url.replace(/^http:\/\/[^/]+/, ""),
          headers: request.headers,
          body: await request.json(),
        });
        return new Response(body);
      },
    });
    return { server, asked, [Symbol.asyncDispose]: () => server.stop(true) };
  }

  test("may have messages of its own form, NDJSON and a key in the address", async () => {
    await using it = serve('{"c":[{"parts":[{"t":"Hel"},{"t":"lo"}]}]}\n{"end":"MAX","in":3,"out":1}\n');
    const adapter = `
base_url = "${it.server.url.origin}/api"
needs_key = true
[auth]
query = "key"
[headers]
x-client = "aleph"
[query]
v = "1"
[paths]
chat = "/models/{model}:go"
[request]
message = { role = "{{role}}", parts = [{ text = "{{text}}" }] }
roles = { assistant = "model", tool = "user" }
tool = { n = "{{name}}", d = "{{description}}", p = "{{parameters}}" }
[request.body]
contents = "{{messages}}"
instruction = { text = "You are {{model}}. {{system}}" }
functions = "{{tools}}"
limit = "{{max_tokens}}"
[response]
format = "ndjson"
text = "c.0.parts.*.t"
finish = "end"
finish_reasons = { MAX = "length" }
usage = { input = "in", output = "out" }
`;
    await using opened = await open({ own: adapter }, { type: "own", api_key: KEY });
    const messages: ModelMessage[] = [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "media", mime: "image/png", data: new Uint8Array(2) },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", text: "Hm" },
          { type: "tool_call", call_id: "c", tool: "read", args: { path: "a" } },
        ],
      },
      { role: "tool", call_id: "c", tool: "read", ok: false, content: [{ type: "text", text: "No" }] },
    ];
    const { parts } = await collect(
      opened.provider.stream(requestOf({ model: "m/1", system: ["Be brief."], messages, tools }), never),
    );
    expect(joined(parts)).toEqual([
      { type: "text", text: "Hello" },
      { type: "usage", usage: { input: 3, output: 1, cache_read: 0, cache_write: 0 } },
      { type: "finish", reason: "length" },
    ]);
    const [{ url, headers, body } = { url: "", headers: new Headers(), body: {} }] = it.asked;
    expect([url, headers.get("x-client"), headers.get("authorization")]).toEqual([
      `/api/models/m%2F1:go?key=${KEY}&v=1`,
      "aleph",
      null,
    ]);
    expect(body).toEqual({
      contents: [
        { role: "user", parts: [{ text: "Look\n[An attachment (image/png, 2 bytes) cannot be read by this model]" }] },
        { role: "model", parts: [{ text: '[Called read with {"path":"a"}]' }] },
        { role: "user", parts: [{ text: "[Error of read]\nNo" }] },
      ],
      instruction: { text: "You are m/1. Be brief." },
      functions: [{ n: "read", d: "Reads", p: tools[0]!.parameters }],
    });
  });

  test("may answer in one piece, with calls as values, and have no end but that of the body", async () => {
    await using it = serve('{"say":"Hi","calls":[{"fn":"read","in":{"path":"a"}}]}');
    const adapter = `
base_url = "${it.server.url.origin}"
needs_key = false
[paths]
chat = "/"
[request.body]
prompt = "{{prompt}}"
tools = "{{tools}}"
[response]
format = "json"
text = "say"
tool_calls = { list = "calls", name = "fn", arguments = "in" }
`;
    await using opened = await open({ own: adapter }, { type: "own", models: ["one"] });
    expect((await collect(opened.provider.stream(requestOf({ tools }), never))).parts).toEqual([
      { type: "text", text: "Hi" },
      {
        type: "tool_call",
        call_id: expect.stringMatching(/^call_/) as unknown as string,
        tool: "read",
        args: { path: "a" },
      },
      { type: "finish", reason: "tool_calls" },
    ]);
    const messages: ModelMessage[] = [
      { role: "user", content: [{ type: "text", text: "A" }] },
      { role: "assistant", content: [{ type: "text", text: "B" }] },
      { role: "user", content: [{ type: "text", text: "C" }] },
    ];
    await collect(opened.provider.stream(requestOf({ messages }), never));
    expect(it.asked.map(({ body }) => body)).toMatchObject([
      { prompt: "Hello" },
      { prompt: "User: A\n\nAssistant: B\n\nUser: C\n\nAssistant:" },
    ]);
    expect(await opened.provider.models(never)).toEqual([{ id: "one", tools: true }]);
    // Its template has no place for a limit, without which it is tried again.
    expect(await opened.models.test("my", never)).toMatchObject({ ok: true, model: "one" });
  });

  test("puts pieces of calls together by their index, and ends at its mark", async () => {
    const chunk = (data: object) => `data: ${JSON.stringify(data)}\r\n\r\n`;
    const pieces = [
      chunk({ t: [{ i: 0, n: "one", a: '{"x"' }] }),
      chunk({ t: [{ i: 1, n: "two", a: "" }] }),
      chunk({
        t: [
          { i: 0, a: ":1}" },
          { i: 1, a: '{"y":2}' },
        ],
      }),
    ].join("");
    await using it = serve(`${pieces}data: END\n\n${chunk({ text: "behind" })}`);
    const adapter = `
base_url = "${it.server.url.origin}"
needs_key = false
[paths]
chat = "/"
[request.body]
m = "{{messages}}"
tools = "{{tools}}"
[response]
format = "sse"
done = "END"
text = "text"
tool_calls = { list = "t", index = "i", name = "n", arguments = "a" }
`;
    await using opened = await open({ own: adapter }, { type: "own" });
    expect((await collect(opened.provider.stream(requestOf({ tools }), never))).parts).toMatchObject([
      { tool: "one", args: { x: 1 } },
      { tool: "two", args: { y: 2 } },
      { type: "finish", reason: "tool_calls" },
    ]);
  });
});

test("a whole server uses an adapter of its home, and tells when one is broken", async () => {
  await using fake = startCohereFake();
  fake.answer(() => "Hello from afar");
  await using home = await testFolder();
  await mkdir(join(home.path, "protocols"));
  await writeFile(join(home.path, "protocols", "cohere.toml"), documented().cohere!);
  await using app = await testApp({
    home: home.path,
    config: { providers: { far: { type: "cohere", api_key: KEY, base_url: fake.url } } },
  });
  const { until } = await collectEvents(app.client, "protocol.*");
  expect((await app.client.call("session.send", { message: "Hi" })).text).toBe("Hello from afar");
  expect((await app.client.call("models.config", {})).types).toContain("cohere");
  await writeFile(join(home.path, "protocols", "cohere.toml"), 'base_url = "x"');
  const event = await until(({ topic }) => topic === "protocol.invalid");
  const [issue] = (event.data as { issues: unknown[] }).issues;
  expect(issue).toEqual({ path: "base_url", line: 1, message: "must be a web address such as https://example.com" });
  expect((await app.client.call("session.send", { message: "Hi" })).text).toBe("Hello from afar");
});
