import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configText = defineMethod({
  name: "config.text",
  summary: "Get config.toml as it is written, secrets masked, with a revision to give back to config.apply",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({ path: z.string(), text: z.string(), revision: z.string() }),
  async handle({ config }: { config: Pick<ConfigStore, "path" | "text"> }) {
    return { path: config.path, ...(await config.text()) };
  },
});
