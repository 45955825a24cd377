/** Anthropic, over the Messages API. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { ModelInfo, ModelRequest, OpenProvider, ProviderHost } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { configuredModels, withConfigured } from "../wire/configured.ts";
import { createEfforts } from "../wire/effort.ts";
import { malformedFailure } from "../wire/failure.ts";
import { createForward } from "../wire/forward.ts";
import { type GuardedCall, guardCall, guardStream, SDK_TIMEOUT_MS } from "../wire/guard.ts";
import { baseUrlOf, bearerHeaders, type ConnectionOptions, connectionOptions, endpointOf } from "../wire/options.ts";
import { toMessages, toSystem, toTools } from "./messages.ts";
import { toSettings, versionFor } from "./settings.ts";
import { readMessagesStream } from "./stream.ts";
import { defaultMaxTokens, type ThinkingWay, thinkingWays } from "./thinking.ts";

export const anthropic = defineProvider({
  type: "anthropic",
  defaultModel: "claude-sonnet-5-5",
  needsKey: true,
  facts: () => import("../models/catalogue.ts").then(({ catalogue }) => catalogue.anthropic),
  options: connectionOptions,
  open: openAnthropic,
});

const BASE_URL = "https://api.anthropic.com";

function openAnthropic(options: ConnectionOptions, host: ProviderHost): OpenProvider {
  const endpoint = endpointOf(options, host);
  /** Ways by their JSON, since they are made for each request. */
  const efforts = createEfforts<string>();
  const known = configuredModels(options.models);

  const connect = async (call: GuardedCall): Promise<Anthropic> => {
    const { Anthropic } = await import("@anthropic-ai/sdk");
    return new Anthropic({
      // Without a key the SDK would look for one in places that are not our configuration; the header is then left out.
      apiKey: options.api_key ?? "none",
      baseURL: options.base_url ?? BASE_URL,
      defaultHeaders: { ...keyHeaders(options), ...options.headers },
      fetch: call.fetch,
      maxRetries: 0,
      timeout: SDK_TIMEOUT_MS,
      logLevel: "off",
    });
  };

  const maxTokensOf = (request: ModelRequest) =>
    request.maxOutputTokens ??
    known.find(({ id }) => id === request.model)?.maxOutput ??
    defaultMaxTokens(request.model);

  const body = (request: ModelRequest, way: ThinkingWay): Anthropic.Messages.MessageCreateParamsStreaming => {
    const system = toSystem(request.system);
    return {
      model: request.model,
      max_tokens: maxTokensOf(request),
      stream: true,
      ...(system.length === 0 ? {} : { system }),
      ...(request.tools.length === 0 ? {} : { tools: toTools(request.tools) }),
      messages: toMessages(request.messages, request.model, way.keep),
      ...way.params,
      ...toSettings(host.id, request, way.params),
    };
  };

  const messages = createForward(endpoint, {
    url: `${baseUrlOf(options, BASE_URL)}/v1/messages`,
    // Of the two versions the one that refuses less.
    defaults: { "anthropic-version": "2023-06-01" },
    headers: {
      ...(options.api_key === undefined ? {} : { "x-api-key": options.api_key }),
      ...(options.base_url === undefined ? options.headers : bearerHeaders(options)),
    },
  });

  return {
    id: host.id,
    forward: { messages },
    takes: () => ["pdf"],
    stream(request, signal) {
      const ways = thinkingWays(request, maxTokensOf(request));
      return efforts.stream(
        `${request.model} ${request.thinking}`,
        [...new Set(ways.map((way) => JSON.stringify(way)))],
        (way) =>
          guardStream(
            endpoint,
            signal,
            async (call) => {
              const client = await connect(call);
              const params = body(request, JSON.parse(way) as ThinkingWay);
              // Not `messages.create`, which writes on the server's stderr that a model ends soon, at each request.
              const events = await client.post<AsyncIterable<Anthropic.Messages.RawMessageStreamEvent>>(
                "/v1/messages",
                {
                  body: params,
                  stream: true,
                  signal: call.signal,
                  headers: versionFor(request),
                },
              );
              return readMessagesStream(events, request.model, endpoint, call.progress);
            },
            (part) => part.type === "finish",
          ),
        // Leaving thinking out helps a conversation that was changed; the next one may keep it.
        (way) => request.thinking === "off" || (JSON.parse(way) as ThinkingWay).keep,
      );
    },
    models: (signal) =>
      guardCall(endpoint, signal, async (call) => {
        const client = await connect(call);
        const listed: ModelInfo[] = [];
        // The SDK takes any body for an empty page; a thousand models are all.
        const response = await client.models.list({ limit: 1000 }, { signal: call.signal }).asResponse();
        const page = (await response.json()) as { data?: Anthropic.Models.ModelInfo[] } | null;
        if (!Array.isArray(page?.data)) throw malformedFailure(endpoint, "what is not its format");
        for (const model of page.data) {
          if (typeof model?.id !== "string") continue;
          listed.push({
            id: model.id,
            name: model.display_name,
            ...(model.max_input_tokens ? { contextWindow: model.max_input_tokens } : {}),
            ...(model.max_tokens ? { maxOutput: model.max_tokens } : {}),
          });
        }
        return withConfigured(listed, options.models);
      }),
  };
}

/** The SDK sends the key as a bearer token; servers that copy the API look for it where it used to be. */
function keyHeaders({ api_key, base_url }: ConnectionOptions): Record<string, string | null> {
  if (api_key === undefined) return { Authorization: null };
  return base_url === undefined ? {} : { "X-Api-Key": api_key };
}
