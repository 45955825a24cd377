import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configGet = defineMethod({
  name: "config.get",
  summary: "Get the config in force, secrets masked",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ path: z.string(), config: z.record(z.string(), z.unknown()) }),
  handle({ config }: { config: Pick<ConfigStore, "redacted" | "path"> }) {
    return { path: config.path, config: config.redacted() };
  },
});
