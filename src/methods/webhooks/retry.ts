import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const webhooksRetry = defineMethod({
  name: "webhooks.retry",
  summary: "Try again the events that an outgoing webhook did not take and that were given up",
  scope: "admin",
  params: z.strictObject({ name: z.string() }),
  result: z.object({ name: z.string(), retried: z.number() }),
  async handle({ webhooks }: { webhooks: { retry(name: string): Promise<number> } }, { name }) {
    return { name, retried: await webhooks.retry(name) };
  },
});
