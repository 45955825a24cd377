/** Makes pictures from a description with the model that the config names. */
import * as z from "zod";
import type { Identity } from "../../protocol/identity.ts";
import type { MediaPart } from "../../protocol/message.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./generate-image.md" with { type: "text" };

interface Needs {
  readonly pictures: {
    /** Throws `no_provider`, `budget_exceeded`, and what the provider throws. */
    image(
      wish: {
        readonly prompt: string;
        readonly size?: string | undefined;
        readonly count?: number | undefined;
        readonly sessionKey: string;
      },
      identity: Identity,
      signal: AbortSignal,
    ): Promise<{ readonly provider: string; readonly model: string; readonly media: readonly MediaPart[] }>;
  };
}

export const generateImage = defineTool({
  name: "generate_image",
  description,
  params: z.strictObject({
    prompt: z.string().min(1).max(32_000).describe("what is to be seen"),
    size: z
      .string()
      .regex(/^\d{2,5}x\d{2,5}$/, "must be such as 1024x1024")
      .optional(),
    count: z.int().min(1).max(4).optional(),
  }),
  parallel: true,
  requires: ["models.image"],
  prepare({ pictures }: Needs, wish, { sessionKey, identity, signal }) {
    return {
      tier: "allow",
      reason: "Asks a model for a picture",
      plan: { ...wish },
      async run() {
        const { provider, model, media } = await pictures.image({ ...wish, sessionKey }, identity, signal);
        const what = media.length === 1 ? "One picture" : `${media.length} pictures`;
        return { ok: true, text: `${what} by ${provider}/${model}; the user sees them`, media: media.map(forPerson) };
      },
    };
  },
});

function forPerson(part: MediaPart): MediaPart {
  return { ...part, for_person: true };
}
