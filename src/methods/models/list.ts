import * as z from "zod";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsList = defineMethod({
  name: "models.list",
  summary: "List the models of all providers, asking each provider that can tell",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    models: z.array(
      z.looseObject({ id: z.string(), provider: z.string(), ref: z.string(), name: z.string().optional() }),
    ),
    errors: z.array(z.object({ provider: z.string(), error: z.looseObject({ message: z.string() }) })),
  }),
  async handle({ models }: { models: Pick<Models, "list"> }, _params, call) {
    const { models: listed, errors } = await models.list(call.signal);
    return {
      models: listed.map((model) => ({ ...model })),
      errors: errors.map(({ provider, error }) => ({ provider, error: { ...error } })),
    };
  },
});
