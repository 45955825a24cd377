import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";
import type { Attempt } from "../../webhook/outgoing.ts";

interface Webhooks {
  test(name: string): Promise<Attempt>;
  preview(
    name: string,
    payload: unknown,
    headers: Headers,
  ): Promise<{ readonly event: string; readonly message: string }>;
}

export const webhooksTest = defineMethod({
  name: "webhooks.test",
  summary:
    "Send an outgoing webhook the event webhook.test, or show what a payload would say to the agent; no run is started",
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    payload: z.json().optional().describe("of an inbound webhook; without it the name is that of an outgoing one"),
    headers: z.record(z.string(), z.string()).optional().describe("that came with the payload"),
  }),
  result: z.union([
    z.object({ ok: z.boolean(), status: z.number().nullable(), error: z.string().nullable(), duration_ms: z.number() }),
    z.object({ event: z.string(), message: z.string() }),
  ]),
  async handle({ webhooks }: { webhooks: Webhooks }, { name, payload, headers = {} }) {
    if (payload !== undefined) return webhooks.preview(name, payload, new Headers(headers));
    const { ok, status, error, duration_ms } = await webhooks.test(name);
    return { ok, status, error, duration_ms };
  },
});
