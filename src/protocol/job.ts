/** Commands in the background on the wire. */
import * as z from "zod";

export const job = z.object({
  job_id: z.string(),
  session_key: z.string(),
  command: z.string(),
  cwd: z.string(),
  /** Whether it runs in a terminal. */
  pty: z.boolean(),
  started_at: z.number(),
  /** Bytes that it has printed so far. */
  output_bytes: z.number(),
  /** Null while it runs. */
  end: z
    .object({
      at: z.number(),
      exit_code: z.number().nullable(),
      signal: z.string().nullable(),
      timed_out: z.boolean(),
    })
    .nullable(),
});
export type WireJob = z.output<typeof job>;
