import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import type { Attempt } from "../../webhook/outgoing.ts";

export const webhooksTest = defineMethod({
  name: "webhooks.test",
  summary: "Send the event webhook.test to an outgoing webhook at once, and tell how it went",
  scope: "admin",
  params: z.strictObject({ name: z.string() }),
  result: z.object({
    ok: z.boolean(),
    status: z.number().nullable(),
    error: z.string().nullable(),
    duration_ms: z.number(),
  }),
  async handle({ webhooks }: { webhooks: { test(name: string): Promise<Attempt> } }, { name }) {
    const { ok, status, error, duration_ms } = await webhooks.test(name);
    return { ok, status, error, duration_ms };
  },
});
