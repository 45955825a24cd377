/** How long to wait before something that failed is tried again: longer after each failure, and as long as was asked for. */

export interface Retries {
  readonly firstMs: number;
  /** Of each wait to the one before it. */
  readonly factor: number;
  /** Unless more is asked for. */
  readonly longestMs: number;
}

/** Nobody is left alone for longer, whatever he asks. */
const LONGEST_ASKED_MS = 3_600_000;

/** Milliseconds, after so many failures in a row before this one. `asked` is what the other side wants, if it is a number. */
export function retryAfter(failures: number, { firstMs, factor, longestMs }: Retries, asked?: unknown): number {
  const least = typeof asked === "number" && asked > 0 ? Math.min(asked, LONGEST_ASKED_MS) : 0;
  return Math.max(least, Math.min(firstMs * factor ** failures, longestMs));
}
