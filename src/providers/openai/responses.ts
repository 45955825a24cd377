/** One reply over OpenAI's Responses API, which keeps nothing of it. */
import type { ResponseCreateParamsStreaming } from "openai/resources/responses/responses";
import type { ModelRequest, ProviderHost, StreamPart } from "../../sdk/provider.ts";
import type { Effort } from "../wire/chat-completions.ts";
import { configuredModels } from "../wire/configured.ts";
import { guardStream } from "../wire/guard.ts";
import { connectOpenAi } from "../wire/openai-client.ts";
import { type ConnectionOptions, endpointOf } from "../wire/options.ts";
import { toInput, toSettings } from "./responses-input.ts";
import { readResponsesStream } from "./responses-stream.ts";

/** How the model is to think, and whether it tells what: not every account may ask for that. */
export interface ResponsesWay {
  readonly effort: Effort;
  readonly summary: boolean;
}

export type ResponsesReply = (
  request: ModelRequest,
  way: ResponsesWay,
  signal: AbortSignal,
) => AsyncIterable<StreamPart>;

export function createResponsesReply(options: ConnectionOptions, host: ProviderHost, baseUrl: string): ResponsesReply {
  const endpoint = endpointOf(options, host);
  const known = configuredModels(options.models);

  const body = (request: ModelRequest, { effort, summary }: ResponsesWay): ResponseCreateParamsStreaming => {
    const maxTokens = request.maxOutputTokens ?? known.find(({ id }) => id === request.model)?.maxOutput;
    const reasoning = { ...(effort === null ? {} : { effort }), ...(summary ? { summary: "auto" as const } : {}) };
    return {
      model: request.model,
      stream: true,
      store: false,
      include: ["reasoning.encrypted_content"],
      ...(request.system.length === 0 ? {} : { instructions: request.system.join("\n\n") }),
      input: toInput(request.messages, request.model),
      ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
      ...(Object.keys(reasoning).length === 0 ? {} : { reasoning }),
      ...toSettings(host.id, request),
    };
  };

  return (request, way, signal) =>
    guardStream(
      endpoint,
      signal,
      async (call) => {
        const client = await connectOpenAi(options, baseUrl, call);
        const events = await client.responses.create(body(request, way), { signal: call.signal });
        return readResponsesStream(events, request.model, endpoint, call.progress);
      },
      (part) => part.type === "finish",
    );
}
