/** Gemini, over its OpenAI-compatible endpoint. */
import type { ModelRequest, ModelToolCall } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { type Effort, openChatProvider } from "../wire/chat-completions.ts";
import { connectionOptions } from "../wire/options.ts";

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

export const gemini = defineProvider({
  type: "gemini",
  defaultModel: "gemini-flash-latest",
  needsKey: true,
  options: connectionOptions,
  open: (options, host) =>
    openChatProvider(options, host, {
      baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai/",
      maxTokensKey: "max_tokens",
      files: false,
      callExtra,
      // Newer models make several calls whatever it says.
      oneCall: false,
      efforts,
      keepSeal: (callId, seal) => `${SEAL}${callId}:${seal}`,
      modelId(listed) {
        const id = listed.replace(/^models\//, "");
        return /^(gemini|gemma|learnlm)/.test(id) && !/embedding|-tts|-image|-live|native-audio/.test(id)
          ? id
          : undefined;
      },
    }),
});
