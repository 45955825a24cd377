/** Any server that copies OpenAI's Chat Completions: llama.cpp, vLLM, LM Studio, OpenRouter, DeepSeek and many more. */
import { defineProvider } from "../../sdk/provider.ts";
import { openAiTarget, openChatProvider } from "../wire/chat-completions.ts";
import { embedTexts, speak, transcribe } from "../wire/openai-media.ts";
import { connectionOptions } from "../wire/options.ts";

export const openaiCompatible = defineProvider({
  type: "openai-compatible",
  options: connectionOptions.required({ base_url: true }),
  open(options, host) {
    const target = openAiTarget(options, host, options.base_url);
    return {
      ...openChatProvider(options, host, {
        baseUrl: options.base_url,
        maxTokensKey: "max_tokens",
        files: false,
        oneCall: true,
        // `none` is not asked for: many servers do not know the key, and those that think without being told stay free to.
        efforts: ({ thinking }) => (thinking === "off" ? [null] : [thinking, null]),
        modelId: (listed) => listed,
      }),
      embed: (request, signal) => embedTexts(target, request, signal),
      transcribe: (request, signal) => transcribe(target, request, signal),
      speak: (request, signal) => speak(target, request, signal),
    };
  },
});
