/** A provider that speaks Chat Completions: OpenAI, and those who copy it. */
import type OpenAI from "openai";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources";
import { createId } from "../../lib/id.ts";
import type { ModelInfo, ModelRequest, OpenProvider, ProviderHost, StreamPart } from "../../sdk/provider.ts";
import { type ChatDialect, toChatMessages, toChatTools } from "./chat-messages.ts";
import { chatSettings } from "./chat-settings.ts";
import { type ChatStreamOptions, readChatStream } from "./chat-stream.ts";
import { configuredModels, withConfigured } from "./configured.ts";
import { createEfforts } from "./effort.ts";
import { malformedFailure } from "./failure.ts";
import { createForward } from "./forward.ts";
import { guardCall, guardStream } from "./guard.ts";
import { connectOpenAi } from "./openai-client.ts";
import type { OpenAiTarget } from "./openai-media.ts";
import { baseUrlOf, bearerHeaders, type ConnectionOptions, endpointOf, MEDIA_MS } from "./options.ts";
import { refusesStreamOptions, wantsThoughts } from "./request-fields.ts";

/** A value of `reasoning_effort`, or `null` to leave it out. */
export type Effort = "none" | "minimal" | "low" | "medium" | "high" | null;

export interface ChatVendor extends ChatDialect {
  readonly baseUrl: string;
  readonly maxTokensKey: "max_tokens" | "max_completion_tokens";
  /** Ways to ask for this much thinking, the best first. */
  efforts(request: ModelRequest): readonly Effort[];
  /** Whether it heeds `parallel_tool_calls: false`. */
  readonly oneCall: boolean;
  readonly keepSeal?: ChatStreamOptions["keepSeal"];
  /** The id under which a listed model is asked; nothing for one that does not chat. */
  modelId(listed: string): string | undefined;
}

/** What the rest of the API is asked at, for what a vendor has beside chat. */
export function openAiTarget(options: ConnectionOptions, host: ProviderHost, usualUrl: string): OpenAiTarget {
  return {
    endpoint: endpointOf(options, host, MEDIA_MS),
    base: baseUrlOf(options, usualUrl),
    headers: bearerHeaders(options),
  };
}

/** One request, with this effort. */
export type ChatReply = (request: ModelRequest, effort: Effort, signal: AbortSignal) => AsyncIterable<StreamPart>;

/** In what servers differ, and say so by a refusal. */
interface Form {
  /** Whether usage is asked for. */
  readonly options: boolean;
  /** Whether thinking goes back. */
  readonly thoughts: boolean;
}

export function createChatReply(options: ConnectionOptions, host: ProviderHost, vendor: ChatVendor): ChatReply {
  const endpoint = endpointOf(options, host);
  const known = configuredModels(options.models);
  /** Until it refuses it; some that do tell the usage all the same. */
  let takesOptions = true;
  /** Models that want their thinking back. Others refuse it, or would read it anew for nothing. */
  const thoughtful = new Set<string>();

  const body = (request: ModelRequest, effort: Effort, form: Form): ChatCompletionCreateParamsStreaming => {
    const maxTokens = request.maxOutputTokens ?? known.find(({ id }) => id === request.model)?.maxOutput;
    return {
      model: request.model,
      messages: toChatMessages(request.system, request.messages, {
        ...vendor,
        thoughts: form.thoughts,
        model: request.model,
      }),
      stream: true,
      ...(form.options ? { stream_options: { include_usage: true } } : {}),
      ...(request.tools.length === 0 ? {} : { tools: toChatTools(request.tools) }),
      ...(maxTokens === undefined ? {} : { [vendor.maxTokensKey]: maxTokens }),
      ...(effort === null ? {} : { reasoning_effort: effort }),
      ...chatSettings(host.id, request, vendor.oneCall),
    };
  };

  const reply = (request: ModelRequest, effort: Effort, signal: AbortSignal, form: Form) =>
    guardStream(
      endpoint,
      signal,
      async (call) => {
        const client = await connectOpenAi(options, options.base_url ?? vendor.baseUrl, call);
        const params = body(request, effort, form);
        const chunks = await client.chat.completions.create(params, { signal: call.signal });
        return readChatStream(chunks, endpoint, call.progress, {
          callId: () => createId("call"),
          model: request.model,
          ...(vendor.keepSeal === undefined ? {} : { keepSeal: vendor.keepSeal }),
        });
      },
      (part) => part.type === "finish",
    );

  return async function* (request, effort, signal) {
    for (;;) {
      const form: Form = { options: takesOptions, thoughts: thoughtful.has(request.model) };
      try {
        yield* reply(request, effort, signal, form);
        return;
      } catch (thrown) {
        if (form.options && refusesStreamOptions(thrown)) takesOptions = false;
        else if (!form.thoughts && wantsThoughts(thrown)) thoughtful.add(request.model);
        else throw thrown;
      }
    }
  };
}

export function openChatProvider(options: ConnectionOptions, host: ProviderHost, vendor: ChatVendor): OpenProvider {
  const endpoint = endpointOf(options, host);
  const efforts = createEfforts<Effort>();
  const reply = createChatReply(options, host, vendor);
  const base = baseUrlOf(options, vendor.baseUrl);
  return {
    id: host.id,
    forward: { chat: createForward(endpoint, { url: `${base}/chat/completions`, headers: bearerHeaders(options) }) },
    stream: (request, signal) =>
      efforts.stream(
        `${request.model} ${request.thinking} ${request.tools.length > 0}`,
        vendor.efforts(request),
        (effort) => reply(request, effort, signal),
      ),
    models: (signal) =>
      guardCall(endpoint, signal, async (call) => {
        const client = await connectOpenAi(options, options.base_url ?? vendor.baseUrl, call);
        const listed: ModelInfo[] = [];
        // The SDK takes any body for an empty page; this list has one page.
        const response = await client.models.list({ signal: call.signal }).asResponse();
        const page = (await response.json()) as { data?: OpenAI.Models.Model[] } | null;
        if (!Array.isArray(page?.data)) throw malformedFailure(endpoint, "what is not its format");
        for (const model of page.data) {
          const id = typeof model?.id === "string" ? vendor.modelId(model.id) : undefined;
          if (id !== undefined) listed.push({ id });
        }
        return withConfigured(listed, options.models);
      }),
  };
}
