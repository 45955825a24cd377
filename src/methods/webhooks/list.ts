import * as z from "zod";
import { type WebhookOverview, webhookOverview } from "../../protocol/webhook.ts";
import { defineMethod } from "../../sdk/method.ts";

export const webhooksList = defineMethod({
  name: "webhooks.list",
  summary: "List webhooks in and out and the commands that events run, with how they fare",
  scope: "read",
  params: z.strictObject({}),
  result: webhookOverview,
  handle: ({ webhooks }: { webhooks: { overview(): Promise<WebhookOverview> } }) => webhooks.overview(),
});
