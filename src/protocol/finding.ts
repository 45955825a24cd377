/** What one check of the doctor found, in the CLI and in the panel. */
import * as z from "zod";

/** What can be mended without a question: nothing that is kept gets lost by it, and doing it twice does no harm. */
export const FIXES = ["close_home", "close_credentials"] as const;
export type Fix = (typeof FIXES)[number];

export const finding = z.object({
  /** Which check: home, config, database, … */
  check: z.string(),
  status: z.enum(["ok", "warn", "fail"]),
  message: z.string(),
  /** What to do about it. */
  hint: z.string().optional(),
  /** What `system.mend` and `aleph doctor --fix` can do about it by themselves. */
  fix: z.enum(FIXES).optional(),
});
export type Finding = z.output<typeof finding>;
