/** Makes text of speech. */
import * as z from "zod";
import { fileType } from "../../lib/file-type.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Identity } from "../../protocol/identity.ts";
import type { ModelMedia } from "../../sdk/provider.ts";
import { defineTool } from "../../sdk/tool.ts";
import { type SourceNeeds, sourceOf, sourceParams } from "../source/source.ts";
import description from "./transcribe.md" with { type: "text" };

interface Needs extends SourceNeeds {
  readonly voice: {
    /** Throws `no_provider`, `budget_exceeded`, and what the provider throws. */
    transcribe(
      heard: { readonly audio: ModelMedia; readonly language?: string | undefined },
      speaker: { readonly identity: Identity; readonly sessionKey: string },
      signal: AbortSignal,
    ): Promise<{ readonly text: string }>;
  };
}

/** What the usual providers take. */
const MAX_BYTES = 25 * 1024 * 1024;

export const transcribe = defineTool({
  name: "transcribe",
  description,
  params: z.strictObject({
    ...sourceParams,
    language: z
      .string()
      .min(2)
      .max(16)
      .optional()
      .describe("ISO code of what is spoken, such as de; guessed if left out"),
  }),
  parallel: true,
  requires: ["models.transcription"],
  async prepare({ voice, ...needs }: Needs, { language, ...wanted }, { workspace, identity, sessionKey, signal }) {
    const source = await sourceOf(needs, wanted, workspace);
    return {
      tier: "allow",
      reason: "Asks a model what is said in a recording",
      plan: { ...wanted, ...(language === undefined ? {} : { language }) },
      async run() {
        const data = await source.read(MAX_BYTES);
        const mime = fileType(data);
        if (mime === undefined || !/^(?:audio|video)\//.test(mime)) {
          throw new AlephError("invalid_params", `"${source.name}" is no recording`);
        }
        const audio = { type: "media", mime, data } as const;
        const { text } = await voice.transcribe({ audio, language }, { identity, sessionKey }, signal);
        return { ok: true, text: text.trim() === "" ? "[nothing is said]" : text, untrusted: true };
      },
    };
  },
});
