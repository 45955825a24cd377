/** The bundled plugin in a process of its own, at a llama.cpp server of the test. */
import { expect, test } from "bun:test";
import { carriedManifest, startBundled } from "../support/bundled-plugin.ts";
import { refusal } from "../support/config.ts";
import {
  fakeLlama,
  finish,
  HANG,
  LLAMA_MODEL,
  type LlamaOptions,
  text,
  thought,
  toolPiece,
  usage,
} from "../support/llama-cpp.ts";
import { callOf } from "../support/nodejs-plugin.ts";
import { until } from "../support/until.ts";

const ASKED = {
  provider: "local-llama",
  model: "qwen",
  system: ["Be brief.", "Be kind."],
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  tools: [],
  thinking: "off",
};

async function open(options: LlamaOptions = {}, more: object = {}) {
  await using stack = new AsyncDisposableStack();
  const llama = stack.use(fakeLlama(options));
  const plugin = stack.use(await startBundled("llama-cpp", { origins: [llama.url] }));
  const config = { base_url: llama.url, ...more };
  const owned = stack.move();
  return {
    llama,
    plugin,
    chat: (fields: object = {}, signal?: AbortSignal) =>
      Array.fromAsync(
        plugin.process.stream(callOf("handleStream", { ...ASKED, config, ...fields }, signal ? { signal } : {})),
      ),
    whole: (fields: object = {}) => plugin.call("handleChat", { ...ASKED, config, ...fields }),
    models: () => plugin.call("listModels", { provider: "local-llama", config }),
    embed: (fields: object) =>
      plugin.call("handleEmbed", { provider: "local-llama", config, model: "qwen", ...fields }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const HELLO = [
  { type: "text", text: "Hello" },
  { type: "text", text: " there" },
  { type: "usage", usage: { input: 8, output: 2, cache_read: 4 } },
  { type: "finish", reason: "stop" },
];

test("llama-cpp may connect to llama-server's usual address and nowhere else", async () => {
  expect((await carriedManifest("llama-cpp")).permissions).toEqual({
    network: ["connect:http://127.0.0.1:8080"],
    filesystem: [],
    env: [],
  });
});

test("llama-cpp streams a reply, and gives the same one whole", async () => {
  await using t = await open();
  expect(await t.chat()).toEqual(HELLO);
  expect(await t.whole()).toEqual({ parts: HELLO });
  expect(t.llama.requests[0]).toEqual({
    path: "/v1/chat/completions",
    body: {
      model: "qwen",
      messages: [
        { role: "system", content: "Be brief.\n\nBe kind." },
        { role: "user", content: "Hi" },
      ],
      stream: true,
      stream_options: { include_usage: true },
      chat_template_kwargs: { enable_thinking: false },
    },
  });
});

test("llama-cpp puts text together that was cut within a character", async () => {
  await using t = await open();
  t.llama.reply(...Array.from({ length: 20 }, () => text("ünï😀")), finish("stop"));
  const parts = (await t.chat()) as { text?: string }[];
  expect(parts.map((part) => part.text ?? "").join("")).toBe("ünï😀".repeat(20));
});

const TOOLS = ["weather", "time"].map((name) => ({ name, description: name, parameters: { type: "object" } }));

test("llama-cpp thinks, calls tools, and takes their results back", async () => {
  await using t = await open();
  t.llama.reply(
    thought("Which "),
    thought("one?"),
    toolPiece(0, { id: "c1", name: "weather", arguments: '{"pla' }),
    toolPiece(0, { arguments: 'ce":"Berlin"}' }),
    toolPiece(1, { id: "c2", name: "time", arguments: "" }),
    finish("tool_calls"),
    usage(5, 9, 0),
  );
  const parts = await t.chat({ tools: TOOLS, thinking: "high", parallel_tool_calls: true });
  expect(parts).toEqual([
    { type: "thinking", text: "Which " },
    { type: "thinking", text: "one?" },
    { type: "tool_call", call_id: "c1", tool: "weather", args: { place: "Berlin" } },
    { type: "tool_call", call_id: "c2", tool: "time", args: {} },
    { type: "usage", usage: { input: 5, output: 9, cache_read: 0 } },
    { type: "finish", reason: "tool_calls" },
  ]);
  await t.chat({
    messages: [
      ...ASKED.messages,
      { role: "assistant", content: [{ type: "thinking", text: "x" }, ...parts.slice(2, 4)] as object[] },
      { role: "tool", call_id: "c1", tool: "weather", ok: true, content: [{ type: "text", text: "rain" }] },
      { role: "tool", call_id: "c2", tool: "time", ok: false, content: [{ type: "text", text: "no clock" }] },
    ],
    tools: TOOLS,
    tool_choice: { tool: "time" },
  });
  const call = (id: string, name: string, args: string) => ({
    id,
    type: "function",
    function: { name, arguments: args },
  });
  const [first, second] = t.llama.requests.map(({ body }) => body);
  expect(first).toMatchObject({ chat_template_kwargs: { enable_thinking: true }, parallel_tool_calls: true });
  expect(second).toMatchObject({
    messages: [
      { role: "system" },
      { role: "user" },
      {
        role: "assistant",
        content: "",
        tool_calls: [call("c1", "weather", '{"place":"Berlin"}'), call("c2", "time", "{}")],
      },
      { role: "tool", tool_call_id: "c1", content: "rain" },
      { role: "tool", tool_call_id: "c2", content: "Error: no clock" },
    ],
    // One tool by its name cannot be demanded there.
    tools: [{ type: "function", function: { name: "time" } }],
    tool_choice: "required",
  });
});

test("llama-cpp sends settings, formats, pictures, sound and texts, and says what cannot be read", async () => {
  await using t = await open();
  const media = (mime: string, data: string, name?: string) => ({
    type: "media",
    mime,
    data,
    ...(name ? { name } : {}),
  });
  await t.chat({
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          media("image/png", "aW1n"),
          media("audio/wav", "d2F2"),
          media("text/plain", Buffer.from("ünï").toString("base64"), "a.txt"),
          media("application/pdf", "cGRm", "b.pdf"),
        ],
      },
    ],
    max_output_tokens: 100,
    temperature: 0,
    top_p: 0.5,
    stop: ["END"],
    seed: 7,
    response_format: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true },
  });
  expect(t.llama.requests[0]!.body).toMatchObject({
    messages: [
      { role: "system" },
      {
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aW1n" } },
          { type: "input_audio", input_audio: { data: "d2F2", format: "wav" } },
          { type: "text", text: "a.txt:\nünï" },
          { type: "text", text: "[b.pdf (application/pdf) was attached; this model cannot read it]" },
        ],
      },
    ],
    max_tokens: 100,
    temperature: 0,
    top_p: 0.5,
    stop: ["END"],
    seed: 7,
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" }, strict: true } },
  });
});

test("llama-cpp lists the model by its file's name, with what the server knows of it", async () => {
  await using t = await open();
  const known = { context_window: 4096, tools: true, vision: true };
  expect(await t.models()).toEqual({ models: [{ id: "Qwen3-4B-Instruct-Q4_K_M", ...known }] });
});

test("llama-cpp lists the models of a server that has several, and of an old one that tells little", async () => {
  await using t = await open({
    models: [
      {
        ...LLAMA_MODEL,
        id: "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M",
        architecture: { input_modalities: ["text", "image"] },
      },
      { id: "small", object: "model", meta: null },
    ],
  });
  expect(await t.models()).toEqual({
    models: [{ id: "ggml-org/gemma-3-4b-it-GGUF:Q4_K_M", context_window: 4096, vision: true }, { id: "small" }],
  });
  await using old = await open({ models: [{ id: "old", meta: { n_ctx_train: 2048 } }], props: {} });
  expect(await old.models()).toEqual({ models: [{ id: "old", context_window: 2048 }] });
});

test("llama-cpp embeds texts in their order, of the length that the model has", async () => {
  await using t = await open({ embeddings: true });
  const vectors = [
    [0.1, 0.5, -0.25],
    [0.3, 0.5, -0.25],
  ];
  expect(await t.embed({ texts: ["a", "bcd"] })).toEqual({ vectors, input_tokens: 7 });
  expect(await t.embed({ texts: ["a", "bcd"], dimensions: 3 })).toEqual({ vectors, input_tokens: 7 });
  expect(await t.embed({ texts: ["a"], dimensions: 5 })).toEqual({
    error: { failure: "bad_request", message: "The vectors of this model have 3 dimensions", field: "dimensions" },
  });
});

test("llama-cpp says what a server for chat says to embeddings", async () => {
  await using t = await open();
  const message = "This server does not support embeddings. Start it with `--embeddings`";
  expect(await t.embed({ texts: ["a"] })).toEqual({ error: { failure: "bad_request", message, status: 501 } });
});

test.each([
  [503, "Loading model", "unavailable_error", { failure: "overloaded", retry_after_ms: 2000 }],
  [
    500,
    "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    "server_error",
    { failure: "bad_request" },
  ],
  [500, "tools param requires --jinja flag", "server_error", { failure: "bad_request" }],
  [500, "Failed to allocate", "server_error", { failure: "overloaded" }],
  [400, "Expected 'messages' to be an array", "invalid_request_error", { failure: "bad_request" }],
  [429, "slow down", "", { failure: "rate_limit" }],
])("llama-cpp tells a refusal with status %d, %p", async (status, message, type, expected) => {
  await using t = await open();
  t.llama.fail(() => t.llama.refuse(status, message, type));
  expect(await t.chat()).toEqual([{ type: "error", message, status, ...expected }]);
});

test("llama-cpp tells what is too long for the context", async () => {
  await using t = await open({ contextTokens: 10 });
  expect(await t.chat()).toMatchObject([
    { type: "error", failure: "context_too_long", message: expect.stringContaining("(10 tokens)") },
  ]);
});

test("llama-cpp sends the key and the headers of its table, and tells when the key is wrong", async () => {
  await using t = await open({ apiKey: "sk-right" }, { api_key: "sk-right", headers: { "x-name": "me" } });
  expect(await t.chat()).toEqual(HELLO);
  expect(t.llama.headers[0]!.get("x-name")).toBe("me");
  const base_url = t.llama.url;
  expect(await t.chat({ config: { base_url, api_key: "sk-wrong" } })).toEqual([
    { type: "error", failure: "auth", message: "Invalid API Key", status: 401 },
  ]);
});

test.each(["/", "/v1", "/v1/"])("llama-cpp takes an address that ends in %p", async (ending) => {
  await using t = await open();
  expect(await t.chat({ config: { base_url: t.llama.url + ending } })).toEqual(HELLO);
});

test("llama-cpp refuses a key of its table that it does not know", async () => {
  await using t = await open({}, { base_ur: "x" });
  const message = '"base_ur" is not a key of a table of type "local-llama": base_url, api_key, headers are';
  expect(await t.models()).toEqual({ error: { failure: "bad_request", message } });
});

test("llama-cpp tells that no server answers, and that an address is not among its permissions", async () => {
  await using t = await open();
  const { url } = t.llama;
  await t.llama[Symbol.asyncDispose]();
  expect(await t.chat()).toEqual([
    { type: "error", failure: "network", message: `No llama.cpp server answers at ${url}` },
  ]);
  const [refused] = await t.chat({ config: { base_url: "http://192.168.1.20:8080" } });
  expect(refused).toEqual({
    type: "error",
    failure: "network",
    message: expect.stringMatching(/"connect:http:\/\/192\.168\.1\.20:8080" must stand in network/),
  });
  expect(t.plugin.refused).toEqual(["http://192.168.1.20:8080"]);
});

test.each([
  [
    "an error within it",
    [text("a"), { error: { code: 500, message: "Failed", type: "server_error" } }],
    { failure: "overloaded", message: "Failed", status: 500 },
  ],
  ["no end", [text("a")], { failure: "network", message: "The server ended the reply before it was complete" }],
])("llama-cpp tells of a stream with %s", async (_, events, expected) => {
  await using t = await open();
  t.llama.reply(...events);
  expect(await t.chat()).toEqual([
    { type: "text", text: "a" },
    { type: "error", ...expected },
  ]);
});

test("llama-cpp tells what is no answer of a llama.cpp server", async () => {
  await using t = await open();
  t.llama.fail(() => new Response("<html>hello</html>"));
  t.llama.fail(() => new Response("data: <html>\n\n"));
  t.llama.fail(() => Response.json({ object: "list" }));
  expect(await t.chat()).toMatchObject([{ type: "error", failure: "network" }]);
  expect(await t.chat()).toMatchObject([{ type: "error", failure: "malformed" }]);
  expect(await t.models()).toEqual({ error: { failure: "malformed", message: "The server gave no list of models" } });
});

test("llama-cpp tells that the connection broke within a reply", async () => {
  await using t = await open();
  t.llama.reply(text("a"), HANG);
  const parts: unknown[] = [];
  const config = { base_url: t.llama.url };
  for await (const part of t.plugin.process.stream(callOf("handleStream", { ...ASKED, config }))) {
    parts.push(part);
    if (parts.length === 1) await t.llama[Symbol.asyncDispose]();
  }
  expect(parts).toEqual([
    { type: "text", text: "a" },
    { type: "error", failure: "network", message: expect.any(String) },
  ]);
});

test("llama-cpp drops a tool call that the end of the reply cut off", async () => {
  await using t = await open();
  t.llama.reply(
    toolPiece(0, { id: "c1", name: "time", arguments: "{}" }),
    toolPiece(1, { id: "c2", name: "weather", arguments: '{"pla' }),
    finish("length"),
  );
  expect(await t.chat({ tools: TOOLS })).toEqual([
    { type: "tool_call", call_id: "c1", tool: "time", args: {} },
    { type: "finish", reason: "length" },
  ]);
});

test("llama-cpp stops the server's work when nobody waits for the reply", async () => {
  await using t = await open();
  t.llama.reply(text("a"), HANG);
  const abort = new AbortController();
  const running = t.chat({}, abort.signal);
  await until(() => t.llama.requests.length === 1);
  abort.abort();
  expect(await refusal(() => running)).toMatchObject({ reason: "cancelled" });
  await until(() => t.llama.cancelled() === 1);
});
