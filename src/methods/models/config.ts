import * as z from "zod";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsConfig = defineMethod({
  name: "models.config",
  summary: "Tell which providers, default, aliases and fallbacks are in force",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    default: z.string().nullable(),
    aliases: z.record(z.string(), z.string()),
    fallbacks: z.array(z.string()),
    types: z.array(z.string()),
    providers: z.array(
      z.object({
        id: z.string(),
        type: z.string().nullable(),
        base_url: z.string().nullable(),
        from: z.string(),
        has_key: z.boolean(),
        keys_from: z.array(z.string()).describe("references, config for a key in the clear, or environment"),
        models: z.array(z.string()).describe("ids in its table"),
        retry_in_ms: z.number().describe("for which it is left alone because it failed; 0 when it may be asked"),
        resting_keys: z.array(z.object({ key: z.number(), retry_in_ms: z.number() })),
      }),
    ),
  }),
  async handle({ models }: { models: Pick<Models, "describe"> }, _params, call) {
    return models.describe(call.signal);
  },
});
