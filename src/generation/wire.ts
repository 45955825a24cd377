/** Made media and jobs as the wire shows them. */
import * as z from "zod";
import { mediaPart } from "../protocol/message.ts";
import type { JobState, LinkedMedia } from "./generations.ts";

export const linkedMedia = mediaPart.extend({
  url: z.string().describe("path on this server; works without a login until `expires_at`"),
  expires_at: z.number(),
});

export const generationJob = z.object({
  job_id: z.string(),
  status: z.enum(["running", "done", "failed"]),
  progress: z.number().nullable().describe("from 0 to 1; null when the provider does not tell"),
  provider: z.string(),
  model: z.string(),
  session_key: z.string().nullable(),
  media: z.array(linkedMedia).optional(),
  error: z.object({ reason: z.string(), message: z.string() }).optional(),
  created_at: z.number(),
  updated_at: z.number(),
});

export function toWireJob(job: JobState): z.input<typeof generationJob> {
  return {
    job_id: job.id,
    status: job.status,
    progress: job.progress,
    provider: job.provider,
    model: job.model,
    session_key: job.sessionKey,
    ...(job.media ? { media: job.media.map(toWireMedia) } : {}),
    ...(job.error ? { error: { ...job.error } } : {}),
    created_at: job.createdAt,
    updated_at: job.updatedAt,
  };
}

export function toWireMedia(media: LinkedMedia): z.input<typeof linkedMedia> {
  return { ...media };
}
