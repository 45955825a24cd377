import * as z from "zod";
import { trial } from "../../protocol/trial.ts";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsTest = defineMethod({
  name: "models.test",
  summary: "Test a provider or model with a real call",
  scope: "write",
  params: z.strictObject({ target: z.string().describe("a provider's id or a model's name") }),
  result: trial,
  handle({ models }: { models: Pick<Models, "test"> }, { target }, call): Promise<z.output<typeof trial>> {
    return models.test(target, call.signal);
  },
});
