/** Vectors, pictures, videos and transcripts: one behaviour over each vendor's own form of them. */
import { describe, expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import type { OpenProvider } from "../../src/sdk/provider.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { startGeminiFake } from "../support/providers/gemini.ts";
import { startOllamaFake } from "../support/providers/ollama.ts";
import { never, openProvider } from "../support/providers/open.ts";
import { MP4, PNG_BASE64, startOpenAiFake } from "../support/providers/openai.ts";

const STARTS = {
  openai: startOpenAiFake,
  "openai-compatible": startOpenAiFake,
  gemini: startGeminiFake,
  ollama: startOllamaFake,
} as const;
type Type = keyof typeof STARTS;

const KEY = "sk-secret-0123456789abcdef";
const PNG = new Uint8Array(Buffer.from(PNG_BASE64, "base64"));

async function setUp(type: Type, table: Record<string, unknown> = {}) {
  const fake = STARTS[type]({ key: KEY });
  const provider = await openProvider(type, { api_key: KEY, base_url: fake.url, ...table });
  return { fake, provider, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

async function failureOf(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error(`No AlephError: ${thrown}`);
  return { reason: thrown.reason, message: thrown.message, data: thrown.data };
}

const last = (fake: ProviderFake) => {
  const { method, path, body } = fake.journal.at(-1)!;
  return { method, path, body };
};

const png = { mime: "image/png", data: PNG };
const speech = { type: "media", mime: "audio/wav", data: new Uint8Array([1, 2, 3]) } as const;
type Work = (provider: OpenProvider, signal: AbortSignal) => Promise<unknown>;
const embed: Work = (provider, signal) => provider.embed!({ model: "m", texts: ["one"] }, signal);
const draw: Work = (provider, signal) => provider.generateImage!({ model: "m", prompt: "A dot" }, signal);
const film: Work = (provider, signal) => provider.startVideo!({ model: "m", prompt: "A dot" }, signal);
const hear: Work = (provider, signal) => provider.transcribe!({ model: "m", audio: speech }, signal);
const say: Work = (provider, signal) => provider.speak!({ model: "m", text: "Hi", voice: "alloy" }, signal);

test("each provider says what it can do", async () => {
  const can = async (type: Parameters<typeof openProvider>[0]) => {
    const provider = await openProvider(type, { base_url: "http://127.0.0.1:9" });
    const names = ["embed", "generateImage", "startVideo", "videoStatus", "transcribe", "speak"] as const;
    return names.filter((name) => provider[name] !== undefined);
  };
  expect(await can("openai")).toEqual(["embed", "generateImage", "startVideo", "videoStatus", "transcribe", "speak"]);
  expect(await can("gemini")).toEqual(["embed", "generateImage", "startVideo", "videoStatus"]);
  expect(await can("openai-compatible")).toEqual(["embed", "transcribe", "speak"]);
  expect(await can("ollama")).toEqual(["embed"]);
  expect(await can("anthropic")).toEqual([]);
});

const EMBEDDERS = [
  ["openai", "/v1/embeddings", 3],
  ["openai-compatible", "/v1/embeddings", 3],
  // It does not tell.
  ["gemini", "/v1beta/openai/embeddings", 0],
  ["ollama", "/api/embed", 3],
] as const;

test.each(EMBEDDERS)("provider %s makes vectors of texts", async (type, path, inputTokens) => {
  await using it = await setUp(type);
  expect(await it.provider.embed!({ model: "m", texts: ["one", "two words"] }, never)).toEqual({
    vectors: [
      [3, 1, 1, 1],
      [9, 1, 1, 1],
    ],
    inputTokens,
  });
  expect(last(it.fake)).toEqual({ method: "POST", path, body: { model: "m", input: ["one", "two words"] } });
  expect(await it.provider.embed!({ model: "m", texts: ["one"], dimensions: 2 }, never)).toMatchObject({
    vectors: [[3, 1]],
  });
});

test("provider openai puts vectors in the order of their texts", async () => {
  await using it = await setUp("openai");
  const data = [
    { index: 1, embedding: [2] },
    { index: 0, embedding: [1] },
  ];
  it.fake.intercept(() => Response.json({ data }));
  expect(await it.provider.embed!({ model: "m", texts: ["a", "b"] }, never)).toEqual({
    vectors: [[1], [2]],
    inputTokens: 0,
  });
});

test.each([
  { data: [{ index: 0, embedding: [1] }] },
  {
    data: [
      { index: 0, embedding: [1] },
      { index: 0, embedding: [1] },
    ],
  },
  {
    data: [
      { index: 0, embedding: [1] },
      { index: 5, embedding: [1] },
    ],
  },
  { data: [{ embedding: "AAAA" }, { embedding: ["x"] }] },
  { data: null },
  { data: [] },
  "vectors",
])("provider openai reports %j in place of two vectors", async (answer) => {
  await using it = await setUp("openai");
  it.fake.intercept(() => Response.json(answer));
  const { data } = await failureOf(it.provider.embed!({ model: "m", texts: ["a", "b"] }, never));
  expect(data).toEqual({ provider: "openai", failure: "malformed" });
});

test("provider openai draws pictures", async () => {
  await using it = await setUp("openai");
  const request = { model: "gpt-image-2", prompt: "A dot", size: "1024x1024", count: 2 };
  expect(await it.provider.generateImage!(request, never)).toEqual([png, png]);
  expect(last(it.fake)).toEqual({
    method: "POST",
    path: "/v1/images/generations",
    body: { model: "gpt-image-2", prompt: "A dot", size: "1024x1024", n: 2 },
  });
  await it.provider.generateImage!({ model: "dall-e-3", prompt: "A dot" }, never);
  expect(last(it.fake).body).toEqual({ model: "dall-e-3", prompt: "A dot", response_format: "b64_json" });
});

test("provider gemini draws a picture with each request, in the shape of the size", async () => {
  await using it = await setUp("gemini");
  const request = { model: "gemini-x-image", prompt: "A dot", size: "1920x1080", count: 2 };
  expect(await it.provider.generateImage!(request, never)).toEqual([png, png]);
  expect(it.fake.journal.map(({ path }) => path)).toEqual([
    "/v1beta/models/gemini-x-image:generateContent",
    "/v1beta/models/gemini-x-image:generateContent",
  ]);
  expect(last(it.fake).body).toEqual({
    contents: [{ role: "user", parts: [{ text: "A dot" }] }],
    generationConfig: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "16:9" } },
  });
});

test.each(["1000x333", "large", "0x0"])("provider gemini refuses pictures of the size %p", async (size) => {
  await using it = await setUp("gemini");
  const { data } = await failureOf(it.provider.generateImage!({ model: "m", prompt: "A dot", size }, never));
  expect(data).toEqual({ provider: "gemini", failure: "bad_request", field: "size" });
  expect(it.fake.journal).toEqual([]);
});

test.each([
  [{ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }, "refused"],
  [{ candidates: [{ finishReason: "IMAGE_SAFETY" }] }, "refused"],
  [{ candidates: [{ finishReason: "STOP", content: { parts: [{ text: "Here" }] } }] }, "malformed"],
  [{}, "malformed"],
] as const)("provider gemini makes %j in place of a picture a failure of kind %p", async (answer, failure) => {
  await using it = await setUp("gemini");
  it.fake.intercept(() => Response.json(answer));
  expect((await failureOf(draw(it.provider, never))).data).toEqual({ provider: "gemini", failure });
});

test("provider openai makes a video in steps", async () => {
  await using it = await setUp("openai");
  const request = { model: "sora-2", prompt: "A dot moves", size: "1280x720", seconds: 8 };
  const { job } = await it.provider.startVideo!(request, never);
  expect(last(it.fake)).toMatchObject({ path: "/v1/videos", body: { ...request, seconds: "8" } });
  const look = () => it.provider.videoStatus!(job, never);
  expect(await look()).toEqual({ state: "running", progress: 0 });
  expect(await look()).toEqual({ state: "running", progress: 0.5 });
  expect(await look()).toEqual({ state: "done", media: { mime: "video/mp4", data: Buffer.from(MP4) } });
});

test("provider openai says why a video failed, without the key", async () => {
  await using it = await setUp("openai");
  it.fake.intercept(() =>
    Response.json({ id: "v", status: "failed", error: { code: "x", message: `No people, ${KEY}` } }),
  );
  expect(await it.provider.videoStatus!("v", never)).toEqual({ state: "failed", message: "No people, [masked]" });
  it.fake.intercept(() => Response.json({ id: "v", status: "lost" }));
  expect((await failureOf(it.provider.videoStatus!("v", never))).data).toMatchObject({ failure: "malformed" });
});

test("provider gemini makes a video in steps, and fetches it without showing the key elsewhere", async () => {
  await using it = await setUp("gemini");
  const request = { model: "veo-3.1", prompt: "A dot moves", size: "1280x720", seconds: 8 };
  const { job } = await it.provider.startVideo!(request, never);
  expect(job).toBe("models/veo-3.1/operations/op1");
  expect(last(it.fake)).toEqual({
    method: "POST",
    path: "/v1beta/models/veo-3.1:predictLongRunning",
    body: {
      instances: [{ prompt: "A dot moves" }],
      parameters: { aspectRatio: "16:9", resolution: "720p", durationSeconds: 8 },
    },
  });
  expect(await it.provider.videoStatus!(job, never)).toEqual({ state: "running", progress: null });
  expect(await it.provider.videoStatus!(job, never)).toEqual({
    state: "done",
    media: { mime: "video/mp4", data: Buffer.from(MP4) },
  });
});

test("provider gemini follows to no address that is neither its own nor encrypted", async () => {
  await using other = startGeminiFake();
  await using it = await setUp("gemini");
  const { job } = await it.provider.startVideo!({ model: "veo", prompt: "x" }, never);
  const done = (uri: string) =>
    Response.json({ done: true, response: { generateVideoResponse: { generatedSamples: [{ video: { uri } }] } } });
  for (const uri of [`${other.url}one`, "file:///etc/passwd", "nonsense"]) {
    it.fake.intercept(({ path }) => (path.includes("/operations/") ? done(uri) : undefined));
    expect((await failureOf(it.provider.videoStatus!(job, never))).data).toMatchObject({ failure: "malformed" });
  }
  it.fake.intercept(({ path }) =>
    path.includes("/operations/") ? done(`${it.fake.url}file`) : Response.redirect(`${other.url}one`, 302),
  );
  expect((await failureOf(it.provider.videoStatus!(job, never))).data).toMatchObject({ failure: "malformed" });
  expect(other.journal).toEqual([]);
});

test("provider gemini says why a video failed", async () => {
  await using it = await setUp("gemini");
  const look = (answer: object) => {
    it.fake.intercept(() => Response.json(answer));
    return it.provider.videoStatus!("models/veo/operations/op1", never);
  };
  expect(await look({ done: true, error: { code: 3, message: "Too long" } })).toEqual({
    state: "failed",
    message: "Too long",
  });
  const filtered = { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ["Not this"] };
  expect(await look({ done: true, response: { generateVideoResponse: filtered } })).toEqual({
    state: "failed",
    message: "Not this",
  });
  expect((await failureOf(look({ done: true, response: {} }))).data).toMatchObject({ failure: "malformed" });
});

test("provider gemini refuses a size that no video has, and jobs that are none", async () => {
  await using it = await setUp("gemini");
  const { data } = await failureOf(it.provider.startVideo!({ model: "veo", prompt: "x", size: "1x1" }, never));
  expect(data).toEqual({ provider: "gemini", failure: "bad_request", field: "size" });
  for (const job of ["", "models/../files/x", "models/a/operations/b?key=1", "https://elsewhere/"]) {
    expect((await failureOf(it.provider.videoStatus!(job, never))).reason).toBe("not_found");
  }
  expect(it.fake.journal).toEqual([]);
});

test.each(["openai", "openai-compatible"] as const)("provider %s hears speech", async (type) => {
  await using it = await setUp(type);
  expect(await it.provider.transcribe!({ model: "whisper-1", audio: speech, language: "de" }, never)).toEqual({
    text: "Heard 3 bytes",
  });
  const { model, language, response_format, file } = last(it.fake).body;
  expect({ model, language, response_format, name: file.name, size: file.size }).toEqual({
    model: "whisper-1",
    language: "de",
    response_format: "json",
    name: "audio.wav",
    size: 3,
  });
});

test.each(["openai", "openai-compatible"] as const)("provider %s speaks", async (type) => {
  await using it = await setUp(type);
  const said = await it.provider.speak!({ model: "tts-1", text: "Hello", voice: "nova" }, never);
  expect([said.mime, new TextDecoder().decode(said.data)]).toEqual(["audio/mpeg", "nova says Hello"]);
  expect(last(it.fake)).toEqual({
    method: "POST",
    path: "/v1/audio/speech",
    body: { model: "tts-1", input: "Hello", voice: "nova", response_format: "mp3" },
  });
});

const WORK = [
  ["openai", "embed", embed],
  ["openai", "generateImage", draw],
  ["openai", "startVideo", film],
  ["openai", "transcribe", hear],
  ["openai", "speak", say],
  ["gemini", "embed", embed],
  ["gemini", "generateImage", draw],
  ["gemini", "startVideo", film],
  ["ollama", "embed", embed],
] as const;

describe.each(WORK)("provider %s %s", (type, _name, work) => {
  const failed = (failure: string, more: object = {}) => ({ provider: type, failure, ...more });

  test("reports what the vendor refuses", async () => {
    await using it = await setUp(type);
    it.fake.intercept(() =>
      Response.json({ error: { message: "No" } }, { status: 429, headers: { "retry-after": "2" } }),
    );
    expect((await failureOf(work(it.provider, never))).data).toEqual(
      failed("rate_limit", { status: 429, retry_after_ms: 2_000 }),
    );
  });

  test("reports a refused key", async () => {
    await using it = await setUp(type, { api_key: "another-key" });
    expect((await failureOf(work(it.provider, never))).data).toEqual(failed("auth", { status: 401 }));
  });

  test.each(["<html>", "{}", '{"data": []}', ""])("reports %p in place of its answer", async (text) => {
    await using it = await setUp(type);
    it.fake.intercept(() => new Response(text));
    expect((await failureOf(work(it.provider, never))).data).toEqual(failed("malformed"));
  });

  test("hangs up when its signal aborts, and when the vendor takes too long", async () => {
    await using it = await setUp(type, { timeout_ms: 40 });
    it.fake.intercept(() => new Promise<Response>(() => undefined));
    const controller = new AbortController();
    const early = failureOf(work(it.provider, controller.signal));
    controller.abort();
    expect((await early).reason).toBe("cancelled");
    expect((await failureOf(work(it.provider, never))).data).toEqual(failed("timeout"));
    expect(await it.fake.journal.at(-1)!.ended).toBe("hung_up");
  });
});
