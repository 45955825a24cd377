/** Any server that copies OpenAI's Chat Completions: llama.cpp, vLLM, LM Studio, OpenRouter, DeepSeek and many more. */
import { defineProvider } from "../../sdk/provider.ts";
import { openChatProvider } from "../wire/chat-completions.ts";
import { connectionOptions } from "../wire/options.ts";

export const openaiCompatible = defineProvider({
  type: "openai-compatible",
  options: connectionOptions.required({ base_url: true }),
  open: (options, host) =>
    openChatProvider(options, host, {
      baseUrl: options.base_url,
      maxTokensKey: "max_tokens",
      files: false,
      oneCall: true,
      // `none` is not asked for: many servers do not know the key, and those that think without being told stay free to.
      efforts: ({ thinking }) => (thinking === "off" ? [null] : [thinking, null]),
      modelId: (listed) => listed,
    }),
});
