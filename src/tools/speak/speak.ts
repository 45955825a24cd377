/** Makes speech of text. */
import * as z from "zod";
import type { Identity } from "../../protocol/identity.ts";
import type { MediaPart } from "../../protocol/message.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./speak.md" with { type: "text" };

interface Needs {
  readonly voice: {
    /** Throws `no_provider`, `budget_exceeded`, and what the provider throws. */
    speak(
      said: { readonly text: string; readonly voice?: string | undefined },
      speaker: { readonly identity: Identity; readonly sessionKey: string },
      signal: AbortSignal,
    ): Promise<MediaPart>;
  };
}

export const speak = defineTool({
  name: "speak",
  description,
  params: z.strictObject({
    text: z.string().min(1).max(4096).describe("what is to be said"),
    voice: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional()
      .describe("as the provider calls it"),
  }),
  parallel: true,
  requires: ["models.speech"],
  prepare({ voice }: Needs, said, { identity, sessionKey, signal }) {
    return {
      tier: "allow",
      reason: "Asks a model to speak",
      plan: { ...said },
      async run() {
        const sound = await voice.speak(said, { identity, sessionKey }, signal);
        return {
          ok: true,
          text: `Spoken (${sound.mime}, ${sound.size} bytes); the user can hear it`,
          media: [{ ...sound, for_person: true }],
        };
      },
    };
  },
});
