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
      }),
    ),
  }),
  async handle({ models }: { models: Pick<Models, "describe"> }, _params, call) {
    const { aliases, fallbacks, types, providers, ...rest } = await models.describe(call.signal);
    return {
      ...rest,
      aliases: { ...aliases },
      fallbacks: [...fallbacks],
      types: [...types],
      providers: [...providers],
    };
  },
});
