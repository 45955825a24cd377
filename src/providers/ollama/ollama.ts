/** Ollama, over its own chat API. */
import type { ChatRequest, ChatResponse, Ollama, Tool } from "ollama/browser";
import { createId } from "../../lib/id.ts";
import type {
  EmbedRequest,
  EmbedResult,
  FinishReason,
  ModelRequest,
  OpenProvider,
  ProviderHost,
  StreamPart,
} from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { callJson, listOf, numberOf, objectOf } from "../wire/call.ts";
import { configuredModels, withConfigured } from "../wire/configured.ts";
import { createEfforts } from "../wire/effort.ts";
import { malformedFailure } from "../wire/failure.ts";
import { createForward } from "../wire/forward.ts";
import { type Endpoint, type GuardedCall, guardCall, guardStream } from "../wire/guard.ts";
import { checkCount, vectorOf } from "../wire/openai-media.ts";
import {
  baseUrlOf,
  bearerHeaders,
  type ConnectionOptions,
  connectionOptions,
  endpointOf,
  MEDIA_MS,
} from "../wire/options.ts";
import { cannotCarryOut, checkToolChoice } from "../wire/request-fields.ts";
import { checkLines } from "./lines.ts";
import { toOllamaMessages } from "./messages.ts";

type Think = ChatRequest["think"] | null;

export const ollama = defineProvider({
  type: "ollama",
  options: connectionOptions,
  open: openOllama,
});

function openOllama(options: ConnectionOptions, host: ProviderHost): OpenProvider {
  const endpoint = endpointOf(options, host);
  const efforts = createEfforts<Think>();
  const known = configuredModels(options.models);
  const base = baseUrlOf(options, "http://127.0.0.1:11434");
  const headers = bearerHeaders(options);

  const connect = async (call: GuardedCall): Promise<Ollama> => {
    // The other entry point also reads files whose names it finds in place of images.
    const { Ollama } = await import("ollama/browser");
    return new Ollama({
      host: base,
      headers,
      fetch: call.fetch,
    });
  };

  const body = (request: ModelRequest, think: Think): ChatRequest & { stream: true } => {
    const info = known.find(({ id }) => id === request.model);
    const maxTokens = request.maxOutputTokens ?? info?.maxOutput;
    const settings = {
      ...(info?.contextWindow === undefined ? {} : { num_ctx: info.contextWindow }),
      ...(maxTokens === undefined ? {} : { num_predict: maxTokens }),
      ...sampling(request),
    };
    const tools = callableTools(host.id, request);
    const { responseFormat } = request;
    return {
      model: request.model,
      messages: toOllamaMessages(request.system, request.messages),
      stream: true,
      ...(tools.length === 0 ? {} : { tools: tools.map(toTool) }),
      ...(responseFormat === undefined
        ? {}
        : { format: responseFormat.type === "json" ? "json" : { ...responseFormat.schema } }),
      ...(think === null || think === undefined ? {} : { think }),
      ...(Object.keys(settings).length === 0 ? {} : { options: settings }),
    };
  };

  return {
    id: host.id,
    forward: { chat: createForward(endpoint, { url: `${base}/v1/chat/completions`, headers }) },
    // A model that is not in memory yet is loaded first.
    embed: (request, signal) => embed(endpointOf(options, host, MEDIA_MS), base, headers, request, signal),
    stream(request, signal) {
      // Some models take levels, others yes or no, and those that do not think refuse both.
      const ways: Think[] = request.thinking === "off" ? [false, null] : [request.thinking, true, null];
      return efforts.stream(`${request.model} ${request.thinking}`, ways, (think) =>
        guardStream(
          endpoint,
          signal,
          async (call) => {
            const checked: typeof fetch = Object.assign(
              async (...args: Parameters<typeof fetch>) => {
                const response = await call.fetch(...args);
                return response.body === null ? response : new Response(checkLines(response.body, endpoint));
              },
              { preconnect: call.fetch.preconnect },
            );
            const client = await connect({ ...call, fetch: checked });
            return readChat(await client.chat(body(request, think)), call.progress, (what) =>
              malformedFailure(endpoint, what),
            );
          },
          (part) => part.type === "finish",
        ),
      );
    },
    models: (signal) =>
      guardCall(endpoint, signal, async (call) => {
        const { models } = await (await connect(call)).list();
        if (!Array.isArray(models)) throw malformedFailure(endpoint, "what is not its format");
        return withConfigured(
          models.flatMap((listed) => (typeof listed?.model === "string" ? [{ id: listed.model }] : [])),
          options.models,
        );
      }),
  };
}

function embed(
  endpoint: Endpoint,
  base: string,
  headers: Readonly<Record<string, string>>,
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<EmbedResult> {
  const body = { model, input: texts, ...(dimensions === undefined ? {} : { dimensions }) };
  return callJson(endpoint, signal, { url: `${base}/api/embed`, headers, body }, (json) => {
    const { embeddings, prompt_eval_count } = objectOf(json);
    const vectors = listOf(embeddings).map((item) => vectorOf(item, endpoint));
    checkCount(vectors, texts.length, endpoint);
    return { vectors, inputTokens: numberOf(prompt_eval_count) };
  });
}

/** The tools that the model sees: it can be kept from calling, but not made to call, nor held to one call. */
function callableTools(provider: string, request: ModelRequest): ModelRequest["tools"] {
  checkToolChoice(provider, request);
  const { tools, toolChoice, parallelToolCalls } = request;
  if (toolChoice === "none" || tools.length === 0) return [];
  if (toolChoice !== undefined && toolChoice !== "auto") {
    throw cannotCarryOut(provider, "tool_choice", "the model decides whether it calls a tool");
  }
  if (parallelToolCalls === false) {
    throw cannotCarryOut(provider, "parallel_tool_calls", "the model may always call several");
  }
  return tools;
}

function sampling({ temperature, topP, stop, seed }: ModelRequest): NonNullable<ChatRequest["options"]> {
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop: [...stop] }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function toTool({ name, description, parameters }: ModelRequest["tools"][number]): Tool {
  return { type: "function", function: { name, description, parameters: { ...parameters } } };
}

async function* readChat(
  chunks: AsyncIterable<ChatResponse>,
  progress: () => void,
  malformed: (what: string) => Error,
): AsyncGenerator<StreamPart, void, undefined> {
  let calls = 0;
  for await (const chunk of chunks) {
    progress();
    const { message } = chunk;
    if (typeof message !== "object" || message === null) throw malformed("a line without a message");
    if (message.thinking) yield { type: "thinking", text: message.thinking };
    if (message.content) yield { type: "text", text: message.content };
    for (const call of message.tool_calls ?? []) {
      calls++;
      const { id } = call as { id?: unknown };
      yield {
        type: "tool_call",
        call_id: typeof id === "string" && id !== "" ? id : createId("call"),
        tool: call.function.name,
        args: call.function.arguments ?? {},
      };
    }
    if (!chunk.done) continue;
    const { prompt_eval_count = 0, eval_count = 0 } = chunk;
    yield { type: "usage", usage: { input: prompt_eval_count, output: eval_count, cache_read: 0, cache_write: 0 } };
    yield { type: "finish", reason: finishReason(chunk.done_reason, calls) };
  }
}

function finishReason(reason: string | undefined, calls: number): FinishReason {
  if (reason === "length") return "length";
  return calls > 0 ? "tool_calls" : "stop";
}
