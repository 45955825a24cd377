/** Webhooks and hooks on the wire. */
import * as z from "zod";

export const webhookOverview = z.object({
  /** What comes in at `/hooks/<name>`. */
  in: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      enabled: z.boolean(),
      /** How senders prove who they are: a scheme of signatures, a token, or both. */
      proof: z.string(),
      session_key: z.string(),
      last_at: z.number().nullable(),
      /** Requests that proved nothing, since the server started. */
      refused: z.number(),
    }),
  ),
  /** Who is told of events. */
  out: z.array(
    z.object({
      name: z.string(),
      enabled: z.boolean(),
      /** Without the path, which may be a secret. */
      url: z.string(),
      events: z.array(z.string()),
      signed: z.boolean(),
      waiting: z.number(),
      /** Given up; webhooks.retry tries them again. */
      dead: z.number(),
      /** The newest of them first. */
      dead_events: z.array(
        z.object({
          delivery: z.string(),
          topic: z.string(),
          attempts: z.number(),
          error: z.string().nullable(),
          created_at: z.number(),
        }),
      ),
    }),
  ),
  /** Commands that events run; the counts begin with the server. */
  hooks: z.array(
    z.object({
      event: z.string(),
      enabled: z.boolean(),
      command: z.string(),
      runs: z.number(),
      failed: z.number(),
      dropped: z.number(),
      error: z.string().nullable(),
    }),
  ),
});
export type WebhookOverview = z.output<typeof webhookOverview>;
