/** Models of a llama.cpp server. */
import {
  type CallContext,
  type ChatCall,
  createServer,
  type EmbedCall,
  type EmbedReply,
  type ModelsReply,
  type ProviderCall,
  type ReplyPart,
} from "@aleph/plugin-sdk";
import { listModels } from "./models.ts";
import { readReply } from "./reply.ts";
import { chatBody } from "./request.ts";
import { ask, toldOf } from "./server.ts";

async function* stream(call: ChatCall, { signal }: CallContext): AsyncGenerator<ReplyPart, void, undefined> {
  try {
    const response = await ask(call, "/v1/chat/completions", { body: chatBody(call), signal });
    yield* readReply(response.body!);
  } catch (thrown) {
    yield { type: "error", ...toldOf(thrown) };
  }
}

async function embed({ model, texts, dimensions, ...call }: EmbedCall, { signal }: CallContext): Promise<EmbedReply> {
  try {
    const response = await ask(call, "/v1/embeddings", { body: { model, input: texts }, signal });
    const { data, usage } = (await response.json()) as {
      readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
      readonly usage?: { readonly prompt_tokens?: number };
    };
    const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
    const length = vectors[0]?.length;
    // The server gives its model's own length, whatever is asked for.
    if (dimensions !== undefined && dimensions !== length) {
      const message = `The vectors of this model have ${length} dimensions`;
      return { error: { failure: "bad_request", message, field: "dimensions" } };
    }
    return { vectors, input_tokens: usage?.prompt_tokens ?? 0 };
  } catch (thrown) {
    return { error: toldOf(thrown) };
  }
}

async function models(call: ProviderCall, { signal }: CallContext): Promise<ModelsReply> {
  try {
    return { models: await listModels(call, signal) };
  } catch (thrown) {
    return { error: toldOf(thrown) };
  }
}

createServer({
  name: "llama-cpp",
  providers: {
    "local-llama": {
      listModels: models,
      chat: async (call, context) => ({ parts: await Array.fromAsync(stream(call, context)) }),
      stream,
      embed,
    },
  },
}).start();
