import * as z from "zod";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsTest = defineMethod({
  name: "models.test",
  summary: "Test a provider or model with a real call",
  scope: "write",
  params: z.strictObject({ target: z.string().describe("a provider's id or a model's name") }),
  result: z.object({
    ok: z.boolean(),
    latency_ms: z.number(),
    model: z.string().nullable(),
    models: z.array(z.string()).optional(),
    error: z.object({ message: z.string() }).loose().optional(),
  }),
  async handle({ models }: { models: Pick<Models, "test"> }, { target }, call) {
    return models.test(target, call.signal);
  },
});
