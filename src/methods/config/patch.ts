import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configPatch = defineMethod({
  name: "config.patch",
  summary: "Change parts of config.toml (JSON Merge Patch, RFC 7396)",
  scope: "admin",
  params: z.strictObject({ patch: z.record(z.string(), z.unknown()) }),
  result: z.object({
    changed: z.array(z.string()),
    note: z.string().optional().describe("what became of the file besides, such as comments that could not be kept"),
  }),
  async handle({ config }: { config: Pick<ConfigStore, "patch"> }, { patch }) {
    const { changed, note } = await config.patch(patch);
    return { changed: [...changed], ...(note === undefined ? {} : { note }) };
  },
});
