/** A llama.cpp server of one's own (`llama-server`, build 11549): what it answered when it was asked, written down and replayed. */

export interface LlamaOptions {
  readonly models?: readonly object[];
  readonly props?: object;
  readonly apiKey?: string;
  readonly contextTokens?: number;
  readonly embeddings?: boolean;
}

export const LLAMA_MODEL = {
  id: "/home/me/models/Qwen3-4B-Instruct-Q4_K_M.gguf",
  aliases: [],
  object: "model",
  architecture: { input_modalities: ["text"], output_modalities: ["text"] },
  created: 1795263782,
  owned_by: "llamacpp",
  meta: {
    vocab_type: 2,
    n_vocab: 151936,
    n_ctx: 4096,
    n_ctx_train: 40960,
    n_embd: 2560,
    n_params: 4022468096,
    size: 1,
  },
};

const LLAMA_PROPS = {
  default_generation_settings: { params: { temperature: 0.8 }, n_ctx: 4096 },
  total_slots: 1,
  model_path: LLAMA_MODEL.id,
  modalities: { vision: true, video: false, audio: false },
  chat_template_caps: { supports_tools: true, supports_tool_calls: true, supports_parallel_tool_calls: false },
  build_info: "b11549-abc",
};

type Json = Record<string, unknown>;

export function fakeLlama({
  models = [LLAMA_MODEL],
  props = LLAMA_PROPS,
  apiKey,
  contextTokens = 4096,
  embeddings,
}: LlamaOptions = {}) {
  const requests: { path: string; body: Json }[] = [];
  const headers: Headers[] = [];
  /** Chunks to come: deltas, or whole events. */
  const replies: (readonly Json[])[] = [];
  const faults: (() => Response)[] = [];
  let cancelled = 0;

  const refuse = (code: number, message: string, type: string, more: Json = {}) =>
    Response.json({ error: { code, message, type, ...more } }, { status: code });

  function chat(request: Request, body: Json): Response {
    if (!Array.isArray(body.messages))
      return refuse(400, "Expected 'messages' to be an array", "invalid_request_error");
    if (typeof (body.tool_choice ?? "") !== "string") {
      return refuse(400, "Invalid tool_choice: type must be string, but is object", "invalid_request_error");
    }
    const size = Math.ceil(JSON.stringify(body.messages).length / 4);
    if (size > contextTokens) {
      const message = `request (${size} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`;
      const counts = { n_prompt_tokens: size, n_ctx: contextTokens };
      return refuse(400, message, "exceed_context_size_error", counts);
    }
    const encoder = new TextEncoder();
    const events = replies.shift() ?? [text("Hello"), text(" there"), finish("stop"), usage(12, 2, 4)];
    const lines = events.map(
      (event) => `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", ...event })}\n\n`,
    );
    const isHanging = events.some(({ hang }) => hang);
    // In pieces that end anywhere, also within a character.
    const bytes = encoder.encode([...lines, ...(isHanging ? [] : ["data: [DONE]\n\n"])].join(""));
    let at = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          const piece = bytes.subarray(at, at + 57);
          at += piece.length;
          if (piece.length > 0) return controller.enqueue(piece);
          if (isHanging) await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
          else controller.close();
        },
        cancel: () => void cancelled++,
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  }

  function embed(body: Json): Response {
    if (!embeddings) {
      return refuse(
        501,
        "This server does not support embeddings. Start it with `--embeddings`",
        "not_supported_error",
      );
    }
    const data = (body.input as string[]).map((input, index) => ({
      object: "embedding",
      index,
      embedding: [input.length / 10, 0.5, -0.25],
    }));
    return Response.json({
      model: body.model,
      object: "list",
      usage: { prompt_tokens: 7, total_tokens: 7 },
      data: data.reverse(),
    });
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname: path } = new URL(request.url);
      const body = request.method === "POST" ? ((await request.json()) as Json) : {};
      requests.push({ path, body });
      headers.push(request.headers);
      const fault = faults.shift();
      if (fault) return fault();
      if (apiKey !== undefined && request.headers.get("authorization") !== `Bearer ${apiKey}`) {
        return refuse(401, "Invalid API Key", "authentication_error");
      }
      if (path === "/v1/models") return Response.json({ object: "list", data: models });
      if (path === "/props") return Response.json(props);
      if (path === "/v1/chat/completions") return chat(request, body);
      if (path === "/v1/embeddings") return embed(body);
      return refuse(404, "File Not Found", "not_found_error");
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    headers,
    cancelled: () => cancelled,
    reply: (...events: Json[]) => void replies.push(events),
    fail: (response: () => Response) => void faults.push(response),
    refuse,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

export const text = (content: string): Json => ({ choices: [{ finish_reason: null, index: 0, delta: { content } }] });
export const thought = (reasoning_content: string): Json => ({
  choices: [{ finish_reason: null, index: 0, delta: { reasoning_content } }],
});
export const toolPiece = (index: number, piece: { id?: string; name?: string; arguments?: string }): Json => {
  const { id, ...called } = piece;
  const call = { index, ...(id === undefined ? {} : { id, type: "function" }), function: called };
  return { choices: [{ finish_reason: null, index: 0, delta: { tool_calls: [call] } }] };
};
export const finish = (finish_reason: string): Json => ({ choices: [{ finish_reason, index: 0, delta: {} }] });
export const usage = (prompt_tokens: number, completion_tokens: number, cached_tokens: number): Json => ({
  choices: [],
  usage: {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens },
  },
  timings: { cache_n: cached_tokens, prompt_ms: 126.41, predicted_per_second: 83.5 },
});
/** The stream goes on, and nothing comes. */
export const HANG: Json = { choices: [], hang: true };
