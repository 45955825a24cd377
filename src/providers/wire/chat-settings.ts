/** What a request asks for besides the conversation, in the form of Chat Completions. */
import type { ChatCompletionCreateParamsStreaming } from "openai/resources";
import type { ModelRequest } from "../../sdk/provider.ts";
import { cannotCarryOut, checkToolChoice } from "./request-fields.ts";

type Params = Omit<ChatCompletionCreateParamsStreaming, "model" | "messages" | "stream">;

/** `oneCall` says whether the vendor heeds `parallel_tool_calls: false`. Throws `bad_request` for what cannot be. */
export function chatSettings(provider: string, request: ModelRequest, oneCall: boolean): Params {
  checkToolChoice(provider, request);
  const { tools, responseFormat, temperature, topP, stop, seed } = request;
  return {
    // Without tools both are fulfilled, and refused.
    ...(tools.length === 0 ? {} : { ...toolChoice(request), ...parallel(provider, request, oneCall) }),
    ...(responseFormat === undefined ? {} : { response_format: chatFormat(responseFormat) }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop: [...stop] }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function toolChoice({ toolChoice: choice }: ModelRequest): Params {
  if (choice === undefined) return {};
  return { tool_choice: typeof choice === "string" ? choice : { type: "function", function: { name: choice.tool } } };
}

function parallel(provider: string, { parallelToolCalls }: ModelRequest, oneCall: boolean): Params {
  if (parallelToolCalls === undefined) return {};
  if (oneCall) return { parallel_tool_calls: parallelToolCalls };
  if (!parallelToolCalls) throw cannotCarryOut(provider, "parallel_tool_calls", "the model may always call several");
  // That is how it is anyway, and saying so may be refused.
  return {};
}

function chatFormat(format: NonNullable<ModelRequest["responseFormat"]>): Params["response_format"] & object {
  if (format.type === "json") return { type: "json_object" };
  const { name, schema, strict } = format;
  return {
    type: "json_schema",
    json_schema: { name, schema: { ...schema }, ...(strict === undefined ? {} : { strict }) },
  };
}
