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
    provider: z.string(),
    model: z.string().nullable(),
    models: z.array(z.string()).optional(),
    error: z.object({ reason: z.string(), message: z.string(), failure: z.string().optional() }).optional(),
  }),
  async handle({ models }: { models: Pick<Models, "test"> }, { target }, call) {
    const { models: listed, error, ...trial } = await models.test(target, call.signal);
    return { ...trial, ...(listed ? { models: [...listed] } : {}), ...(error ? { error: { ...error } } : {}) };
  },
});
