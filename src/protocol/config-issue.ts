/** What is wrong at one place of a file that a person wrote: configuration, a manifest, the head of a skill. */
import * as z from "zod";

export const configIssue = z.object({
  path: z.string(),
  message: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
});

/** Why a plugin or a skill cannot be used. */
export const unusable = z.object({
  reason: z.string(),
  message: z.string(),
  issues: z.array(configIssue).optional(),
});
