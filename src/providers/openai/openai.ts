/** OpenAI, over Chat Completions. */
import type { ModelRequest } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { type Effort, openChatProvider } from "../wire/chat-completions.ts";
import { connectionOptions } from "../wire/options.ts";

/** Listed models that are for something else than chat. */
const NOT_CHAT =
  /^(text-embedding|text-moderation|omni-moderation|whisper|tts|dall-e|gpt-image|chatgpt-image|sora|babbage|davinci|computer-use)|-(transcribe|tts|realtime|embedding)|^gpt-(realtime|audio)/;
const WITHOUT_THINKING = /^(gpt-3|gpt-4|chatgpt)|chat-latest$/;

/**
 * Newer models refuse tools on this API unless `reasoning_effort` is `none`; older ones do not know `none`; models that
 * do not think refuse the key.
 */
function efforts({ model, thinking }: ModelRequest): readonly Effort[] {
  if (WITHOUT_THINKING.test(model)) return [null];
  return thinking === "off" ? ["none", "minimal", "low", null] : [thinking, "none", null];
}

export const openai = defineProvider({
  type: "openai",
  // The newest models call tools over the Responses API only.
  defaultModel: "gpt-5.6-terra",
  needsKey: true,
  options: connectionOptions,
  open: (options, host) =>
    openChatProvider(options, host, {
      baseUrl: "https://api.openai.com/v1",
      maxTokensKey: "max_completion_tokens",
      files: true,
      oneCall: true,
      efforts,
      modelId: (listed) => (NOT_CHAT.test(listed) ? undefined : listed),
    }),
});
