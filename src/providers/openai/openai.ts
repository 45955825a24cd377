/** OpenAI, over Chat Completions. */
import type { ModelRequest, OpenProvider, ProviderHost } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { type Effort, openAiTarget, openChatProvider } from "../wire/chat-completions.ts";
import { createForward } from "../wire/forward.ts";
import { embedTexts, generateImages, startVideo, transcribe, videoStatus } from "../wire/openai-media.ts";
import { type ConnectionOptions, connectionOptions, endpointOf } from "../wire/options.ts";

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
  open: openOpenAi,
});

const BASE_URL = "https://api.openai.com/v1";

function openOpenAi(options: ConnectionOptions, host: ProviderHost): OpenProvider {
  const chat = openChatProvider(options, host, {
    baseUrl: BASE_URL,
    maxTokensKey: "max_completion_tokens",
    files: true,
    oneCall: true,
    efforts,
    modelId: (listed) => (NOT_CHAT.test(listed) ? undefined : listed),
  });
  const target = openAiTarget(options, host, BASE_URL);
  const responses = createForward(endpointOf(options, host), {
    url: `${target.base}/responses`,
    headers: target.headers,
  });
  return {
    ...chat,
    forward: { ...chat.forward, responses },
    embed: (request, signal) => embedTexts(target, request, signal),
    generateImage: (request, signal) => generateImages(target, request, signal),
    // OpenAI announced the end of this API for September 2026; servers that copy it go on.
    startVideo: (request, signal) => startVideo(target, request, signal),
    videoStatus: (job, signal) => videoStatus(target, job, signal),
    transcribe: (request, signal) => transcribe(target, request, signal),
  };
}
