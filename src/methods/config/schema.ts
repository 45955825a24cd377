import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configSchema = defineMethod({
  name: "config.schema",
  summary: "Get the JSON Schema of config.toml",
  scope: "read",
  params: z.strictObject({}),
  result: z.record(z.string(), z.unknown()),
  async handle({ config }: { config: Pick<ConfigStore, "jsonSchema"> }) {
    return (await config.jsonSchema()) as Record<string, unknown>;
  },
});
