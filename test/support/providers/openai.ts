/** A fake of OpenAI's API: Chat Completions and Responses over SSE, the list of models, vectors, pictures, videos and transcripts. */
import {
  argumentsText,
  type Encoder,
  type FakeOptions,
  type FakeRequest,
  type FakeUsage,
  type ProviderFake,
  pieces,
  startFake,
  type Wire,
} from "./fake.ts";
import { responsesEncoder } from "./responses.ts";

/** `base_url` for type `openai` and `openai-compatible`. */
export function startOpenAiFake(options: FakeOptions = {}): ProviderFake {
  return startFake(openAiWire, options);
}

export interface ChatDialect {
  /** The key of the delta that carries thinking. */
  readonly thinkingKey: string;
  /** Whether a tool call's arguments come in pieces, or whole. */
  readonly wholeCalls: boolean;
}

const FINISH = { stop: "stop", tool_calls: "tool_calls", length: "length", refused: "content_filter" } as const;

const openAiWire: Wire = {
  basePath: "/v1",
  chatPath: "/v1/chat/completions",
  modelsPath: "/v1/models",
  contentType: "text/event-stream; charset=utf-8",
  key: (headers) => headers.get("authorization")?.replace(/^Bearer /, ""),
  models: (ids) => ({
    object: "list",
    data: ids.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "fake" })),
  }),
  error: (status, message) => ({ error: openAiError(status, message) }),
  encoder: (body) => chatEncoder(body, { thinkingKey: "reasoning_content", wholeCalls: false }),
  chats: { "/v1/responses": { encoder: (body) => responsesEncoder(body) } },
  more: openAiMedia,
};

/** Vectors that tell their text: length of the text, then ones. */
export function vectorOf(text: string, dimensions = 4): number[] {
  return [text.length, ...Array.from({ length: dimensions - 1 }, () => 1)];
}

export function wordsOf(texts: readonly string[]): number {
  return texts.join(" ").split(" ").length;
}

/** A picture of one pixel, and what stands for a video. */
export const PNG_BASE64 =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const MP4 = new Uint8Array([0, 0, 0, 8, 102, 116, 121, 112]);

/** A video is queued at first, half done at the second look and complete at the third. */
function openAiMedia() {
  const looks = new Map<string, number>();
  return ({ path, method, body }: FakeRequest): Response | undefined => {
    const route = `${method} ${path.replace(/^\/v1/, "")}`;
    if (route === "POST /embeddings") return Response.json(openAiVectors(body));
    if (route === "POST /images/generations") {
      const data = Array.from({ length: body.n ?? 1 }, () => ({ b64_json: PNG_BASE64 }));
      return Response.json({ created: 1_700_000_000, output_format: "png", data });
    }
    if (route === "POST /audio/transcriptions") return Response.json({ text: `Heard ${body.file.size} bytes` });
    if (route === "POST /audio/speech") {
      return new Response(`${body.voice} says ${body.input}`, { headers: { "content-type": "audio/mpeg" } });
    }
    if (route === "POST /videos") {
      const id = `video_${looks.size + 1}`;
      looks.set(id, 0);
      return Response.json({ id, object: "video", model: body.model, status: "queued", progress: 0, error: null });
    }
    const [, id = "", rest] = /^GET \/videos\/([^/]+)(\/content)?$/.exec(route) ?? [];
    const seen = looks.get(id);
    if (seen === undefined) return undefined;
    if (rest !== undefined) return new Response(MP4, { headers: { "content-type": "video/mp4" } });
    looks.set(id, seen + 1);
    const [status, progress] =
      [["queued", 0] as const, ["in_progress", 50] as const][seen] ?? (["completed", 100] as const);
    return Response.json({ id, object: "video", status, progress, error: null });
  };
}

/** OpenAI's own SDK asks for base64 unless it is told otherwise. */
export function openAiVectors(body: {
  model: string;
  input: string | string[];
  dimensions?: number;
  encoding_format?: string;
}) {
  const texts = [body.input].flat();
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, body.dimensions);
    const embedding =
      body.encoding_format === "base64" ? Buffer.from(new Float32Array(vector).buffer).toString("base64") : vector;
    return { object: "embedding", index, embedding };
  });
  const tokens = wordsOf(texts);
  return { object: "list", model: body.model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function openAiError(status: number, message: string) {
  if (status === 401) return { message, type: "invalid_request_error", param: null, code: "invalid_api_key" };
  if (status === 429) return { message, type: "requests", param: null, code: "rate_limit_exceeded" };
  if (status >= 500) return { message, type: "server_error", param: null, code: null };
  return { message, type: "invalid_request_error", param: null, code: null };
}

/** Chat Completions chunks, shared with the endpoints that copy them. */
export function chatEncoder(
  body: { model?: string; stream_options?: { include_usage?: boolean } },
  dialect: ChatDialect,
): Encoder {
  const includeUsage = body.stream_options?.include_usage === true;
  const base = { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 1_700_000_000, model: body.model };
  const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    event({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      ...(includeUsage ? { usage: null } : {}),
    });
  let calls = 0;
  let signature: string | undefined;
  return {
    begin: () => chunk({ role: "assistant", content: "", refusal: null }),
    step(step) {
      if ("text" in step) return chunk({ content: step.text });
      if ("thinking" in step) return chunk({ [dialect.thinkingKey]: step.thinking });
      if ("ping" in step) return ": keep-alive\n\n";
      if ("error" in step) {
        return event({ error: { message: step.error.message, type: step.error.type, param: null, code: null } });
      }
      if ("signature" in step) {
        signature = step.signature;
        return "";
      }
      const { id = `call_${calls + 1}`, name, args } = step.tool_call;
      const index = calls++;
      const text = argumentsText(args);
      const seal = signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } };
      signature = undefined;
      const call = (fn: unknown, more: object = {}) => chunk({ tool_calls: [{ index, ...more, function: fn }] });
      if (dialect.wholeCalls) return call({ name, arguments: text }, { id, type: "function", ...seal });
      const opening = call({ name, arguments: "" }, { id, type: "function", ...seal });
      return (
        opening +
        pieces(text)
          .map((piece) => call({ arguments: piece }))
          .join("")
      );
    },
    finish: (reason, usage) =>
      chunk({}, FINISH[reason]) +
      (includeUsage ? event({ ...base, choices: [], usage: chatUsage(usage) }) : "") +
      "data: [DONE]\n\n",
  };
}

/** OpenAI counts tokens that were read from and written to the cache inside of `prompt_tokens`. */
function chatUsage({ input, output, cache_read = 0, cache_write = 0 }: FakeUsage) {
  const prompt_tokens = input + cache_read + cache_write;
  return {
    prompt_tokens,
    completion_tokens: output,
    total_tokens: prompt_tokens + output,
    prompt_tokens_details: { cached_tokens: cache_read, cache_write_tokens: cache_write, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}
