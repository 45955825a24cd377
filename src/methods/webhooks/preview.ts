import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

interface Webhooks {
  preview(
    name: string,
    payload: unknown,
    headers: Headers,
  ): Promise<{ readonly event: string; readonly message: string }>;
}

export const webhooksPreview = defineMethod({
  name: "webhooks.preview",
  summary: "Show what an inbound webhook would say to the agent of a payload; no run is started",
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    payload: z.unknown(),
    headers: z
      .record(z.string().regex(/^[\w-]{1,100}$/), z.string().regex(/^[\x20-\x7e]*$/))
      .optional()
      .describe("that come with it"),
  }),
  result: z.object({ event: z.string(), message: z.string() }),
  handle: ({ webhooks }: { webhooks: Webhooks }, { name, payload, headers = {} }) =>
    webhooks.preview(name, payload, new Headers(headers)),
});
