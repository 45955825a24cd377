import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configApply = defineMethod({
  name: "config.apply",
  summary: "Replace the whole of config.toml",
  scope: "admin",
  params: z.strictObject({ config: z.record(z.string(), z.unknown()) }),
  result: z.object({ changed: z.array(z.string()) }),
  async handle({ config }: { config: Pick<ConfigStore, "apply"> }, params) {
    const { changed } = await config.apply(params.config);
    return { changed: [...changed] };
  },
});
