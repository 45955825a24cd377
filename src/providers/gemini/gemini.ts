/** Gemini, over its OpenAI-compatible endpoint. */
import type { ModelRequest, ModelToolCall } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { type Effort, openAiTarget, openChatProvider } from "../wire/chat-completions.ts";
import { embedTexts } from "../wire/openai-media.ts";
import { type ConnectionOptions, connectionOptions } from "../wire/options.ts";
import { generateImages } from "./image.ts";
import { startVideo, videoStatus } from "./video.ts";

/**
 * Gemini seals its thinking in a signature on the tool call and refuses the call's result without it. The seal is kept
 * as the signature of an empty thinking part: `gemini:<call id>:<seal>`.
 */
const SEAL = "gemini:";
/** What Gemini's documentation gives for calls that were made by another model. */
const FOREIGN_SEAL = "skip_thought_signature_validator";

function callExtra(call: ModelToolCall, first: boolean, seals: readonly string[]): Record<string, unknown> {
  const own = `${SEAL}${call.call_id}:`;
  const seal = seals.find((candidate) => candidate.startsWith(own))?.slice(own.length);
  // Of parallel calls only the first carries one.
  if (seal === undefined && !first) return {};
  return { extra_content: { google: { thought_signature: seal ?? FOREIGN_SEAL } } };
}

/** Which levels a model takes differs by family; the newest cannot switch thinking off. */
function efforts({ thinking }: ModelRequest): readonly Effort[] {
  return thinking === "off" ? ["none", "minimal", "low", null] : [thinking, null];
}

const BASE_URL = "https://generativelanguage.googleapis.com/v1beta/openai";

export const gemini = defineProvider({
  type: "gemini",
  defaultModel: "gemini-flash-latest",
  needsKey: true,
  facts: () => import("../models/catalogue.ts").then(({ catalogue }) => catalogue.gemini),
  options: connectionOptions,
  open(options, host) {
    const chat = openChatProvider(options, host, {
      baseUrl: `${BASE_URL}/`,
      maxTokensKey: "max_tokens",
      files: false,
      // Newer models make several calls whatever it says.
      oneCall: false,
      callExtra,
      efforts,
      keepSeal: (callId, seal) => `${SEAL}${callId}:${seal}`,
      modelId(listed) {
        const id = listed.replace(/^models\//, "");
        return /^(gemini|gemma|learnlm)/.test(id) && !/embedding|-tts|-image|-live|native-audio/.test(id)
          ? id
          : undefined;
      },
    });
    const target = openAiTarget(options, host, BASE_URL);
    const own = { ...target, base: target.base.replace(/\/openai$/, ""), headers: keyHeaders(options) };
    return {
      ...chat,
      embed: (request, signal) => embedTexts(target, request, signal),
      generateImage: (request, signal) => generateImages(own, request, signal),
      startVideo: (request, signal) => startVideo(own, request, signal),
      videoStatus: (job, signal) => videoStatus(own, job, signal),
    };
  },
});

/** As Gemini's own API, beside the compatible one, wants the key. */
function keyHeaders({ api_key, headers }: ConnectionOptions): Record<string, string> {
  return { ...(api_key === undefined ? {} : { "x-goog-api-key": api_key }), ...headers };
}
