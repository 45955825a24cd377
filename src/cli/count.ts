/** Numbers on the command line. */
import { usageError } from "./failure.ts";

/** A whole number from `least` to `most`. Throws `invalid_params` that names the option. */
export function toCount(option: string, text: string, most: number, least = 1): number {
  const count = Number(text);
  if (text.trim() !== "" && Number.isInteger(count) && count >= least && count <= most) return count;
  const usual = Math.min(most, Math.max(least, 20));
  throw usageError(`--${option} must be a whole number from ${least} to ${most}`, `For example --${option} ${usual}`);
}
