/** A request to a model as a plugin's handler gets it: plain JSON, media in base64. */
import type { PluginChatCall, PluginMedia, PluginMessage, PluginProviderCall } from "../../sdk/plugin-provider.ts";
import type { ModelMedia, ModelMessage, ModelRequest, ModelText } from "../../sdk/provider.ts";

export function chatCall(base: PluginProviderCall, request: ModelRequest): PluginChatCall {
  const { model, system, messages, tools, thinking, temperature, stop, seed } = request;
  const { maxOutputTokens, toolChoice, parallelToolCalls, responseFormat, topP } = request;
  return {
    ...base,
    model,
    system,
    messages: messages.map(plain),
    tools,
    thinking,
    ...(maxOutputTokens === undefined ? {} : { max_output_tokens: maxOutputTokens }),
    ...(toolChoice === undefined ? {} : { tool_choice: toolChoice }),
    ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
    ...(responseFormat === undefined ? {} : { response_format: responseFormat }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(stop === undefined ? {} : { stop }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function plain(message: ModelMessage): PluginMessage {
  if (message.role === "assistant") return message;
  return { ...message, content: message.content.map(plainPart) };
}

function plainPart(part: ModelText | ModelMedia): ModelText | PluginMedia {
  return part.type === "text" ? part : { ...part, data: Buffer.from(part.data).toString("base64") };
}
