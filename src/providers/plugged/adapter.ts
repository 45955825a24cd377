/** A kind of provider whose models a plugin asks: its handlers stand behind the same contract as the built-in ones. */
import * as z from "zod";
import { isSecretKey } from "../../lib/mask.ts";
import type { ActivePlugin, PluginProvider } from "../../sdk/plugin.ts";
import type { PluginEmbedCall, PluginProviderCall } from "../../sdk/plugin-provider.ts";
import {
  type AnyProviderType,
  defineProvider,
  type EmbedRequest,
  type ModelRequest,
  type OpenProvider,
  type ProviderHost,
  type StreamPart,
} from "../../sdk/provider.ts";
import { withConfigured } from "../wire/configured.ts";
import { type Endpoint, type GuardedCall, guardCall, guardStream } from "../wire/guard.ts";
import { connectionOptions, endpointOf, MEDIA_MS } from "../wire/options.ts";
import { checkToolChoice } from "../wire/request-fields.ts";
import { thrownFailure } from "./failure.ts";
import { createPartReader, readChatReply, readModels, readVectors } from "./reply.ts";
import { chatCall } from "./request.ts";

/** Its other keys are the plugin's, which checks them itself. */
const options = z.looseObject(connectionOptions.shape);
type Options = z.output<typeof options>;

/** The watch over the parts ends a reply sooner. */
const LONGEST_REPLY_MS = 24 * 60 * 60 * 1000;

export function pluggedType(plugin: ActivePlugin, provider: PluginProvider): AnyProviderType {
  return defineProvider({
    type: provider.name,
    options,
    open: (table, host) => openPlugged(plugin, provider, table, host),
  });
}

function openPlugged(plugin: ActivePlugin, provider: PluginProvider, table: Options, host: ProviderHost): OpenProvider {
  const { models: entries, timeout_ms, idle_timeout_ms, ...config } = table;
  const { listModelsHandler, chatHandler, streamHandler, embedHandler } = provider;
  // What is not streamed comes whole, and so late.
  const endpoint = withSecrets(endpointOf(table, host, streamHandler === undefined ? MEDIA_MS : undefined), config);
  const base: PluginProviderCall = { provider: host.id, config };

  const callOf = (handler: string, args: object, { signal }: GuardedCall) => ({
    handler,
    args,
    signal,
    timeoutMs: LONGEST_REPLY_MS,
    wholeMs: LONGEST_REPLY_MS,
  });
  const ask = <T>(handler: string, args: object, signal: AbortSignal, read: (reply: unknown) => T): Promise<T> =>
    guardCall(endpoint, signal, async (call) => read(await told(() => plugin.call(callOf(handler, args, call)))));
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw thrownFailure(endpoint, endpoint.timeoutMs, thrown);
    }
  };

  async function* raw(request: ModelRequest, call: GuardedCall): AsyncGenerator<unknown, void, undefined> {
    const args = chatCall(base, request);
    if (streamHandler === undefined) {
      yield* readChatReply(endpoint, await told(() => plugin.call(callOf(chatHandler, args, call))));
      return;
    }
    try {
      yield* plugin.stream(callOf(streamHandler, args, call));
    } catch (thrown) {
      throw thrownFailure(endpoint, endpoint.timeoutMs, thrown);
    }
  }

  async function* parts(request: ModelRequest, call: GuardedCall): AsyncGenerator<StreamPart, void, undefined> {
    const read = createPartReader(endpoint);
    for await (const sent of raw(request, call)) {
      const part = read(sent);
      call.progress();
      yield part;
      if (part.type === "finish") return;
    }
  }

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<StreamPart, void, undefined> {
    checkToolChoice(host.id, request);
    yield* guardStream(
      endpoint,
      signal,
      (call) => parts(request, call),
      (part) => part.type === "finish",
    );
  }

  return {
    id: host.id,
    stream,
    models: (signal) =>
      ask(listModelsHandler, base, signal, (reply) => withConfigured(readModels(endpoint, reply), entries)),
    ...(embedHandler === undefined
      ? {}
      : {
          embed({ model, texts, dimensions }: EmbedRequest, signal: AbortSignal) {
            const args: PluginEmbedCall = {
              ...base,
              model,
              texts,
              ...(dimensions === undefined ? {} : { dimensions }),
            };
            return ask(embedHandler, args, signal, (reply) => readVectors(endpoint, reply, texts.length));
          },
        }),
  };
}

/** What the plugin quotes in an error must hold none of them. */
function withSecrets(endpoint: Endpoint, config: Readonly<Record<string, unknown>>): Endpoint {
  const secrets = Object.entries(config).flatMap(([key, value]) =>
    typeof value === "string" && value.length >= 6 && isSecretKey(key) ? value : [],
  );
  return { ...endpoint, secrets: [...new Set([...endpoint.secrets, ...secrets])] };
}
