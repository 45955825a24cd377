import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configReload = defineMethod({
  name: "config.reload",
  summary: "Read config.toml again now",
  scope: "admin",
  params: z.strictObject({}),
  result: z.object({ changed: z.array(z.string()) }),
  async handle({ config }: { config: Pick<ConfigStore, "reload"> }) {
    const { changed } = await config.reload();
    return { changed: [...changed] };
  },
});
