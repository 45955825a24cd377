import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configApply = defineMethod({
  name: "config.apply",
  summary:
    "Replace the whole of config.toml: by a document, or by a text where the file is still the one that it was made of",
  scope: "admin",
  params: z.strictObject({
    config: z.record(z.string(), z.unknown()).optional(),
    text: z
      .string()
      .max(1024 * 1024)
      .optional()
      .describe("instead of config: the file as it shall be written, with what config.text masked"),
    revision: z.string().max(100).optional().describe("of config.text; with text only"),
  }),
  result: z.object({
    changed: z.array(z.string()),
    note: z.string().optional().describe("what became of the file besides, such as comments that could not be kept"),
  }),
  async handle(
    { config }: { config: Pick<ConfigStore, "apply" | "replaceText"> },
    { config: document, text, revision },
  ) {
    if (document !== undefined && text === undefined && revision === undefined) {
      const { changed, note } = await config.apply(document);
      return { changed: [...changed], ...(note === undefined ? {} : { note }) };
    }
    if (document !== undefined || text === undefined || revision === undefined) {
      throw new AlephError("invalid_params", "Give either config, or text and revision", {
        data: { issues: [{ path: "", message: "either config, or text and revision" }] },
      });
    }
    const { changed } = await config.replaceText(text, revision);
    return { changed: [...changed] };
  },
});
