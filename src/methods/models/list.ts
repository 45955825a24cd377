import * as z from "zod";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsList = defineMethod({
  name: "models.list",
  summary: "List the models of all providers, asking each provider that can tell",
  scope: "read",
  params: z.strictObject({ provider: z.string().optional() }),
  result: z.object({
    models: z.array(z.object({ id: z.string(), provider: z.string(), model: z.string(), name: z.string().optional() }).loose()),
    errors: z.array(z.object({ provider: z.string(), message: z.string() })),
  }),
  async handle({ models }: { models: Pick<Models, "list"> }, { provider }, call) {
    return models.list({ ...(provider ? { provider } : {}), signal: call.signal });
  },
});
