/** Plugins on the wire. */
import * as z from "zod";

export const plugin = z.object({
  /** The name of its folder when its manifest could not be read; then the rest of the manifest is null. */
  id: z.string(),
  folder: z.string(),
  name: z.string().nullable(),
  version: z.string().nullable(),
  description: z.string().nullable(),
  author: z.string().nullable(),
  kind: z.string().nullable(),
  status: z.enum(["loaded", "running", "stopped", "error"]),
  /** Why it cannot be used. */
  error: z
    .object({
      reason: z.string(),
      message: z.string(),
      issues: z.array(z.object({ path: z.string(), message: z.string(), line: z.number().optional() })).optional(),
    })
    .nullable(),
  prompt_scope: z.enum(["system", "tool", "standalone", "disabled"]).nullable(),
});
export type WirePlugin = z.output<typeof plugin>;
