/** Lets a moderate number of a module's log lines through and counts the rest. */
import { createTokenBucket, type TokenBucket } from "../../../lib/token-bucket.ts";
import { MAX_LOG_LINE } from "./frames.ts";

/** Lines a second; so many more at once. */
const LINES = 50;
const BURST = 200;

export class LogGate {
  readonly #bucket: TokenBucket;
  #dropped = 0;

  constructor(now?: () => number) {
    this.#bucket = createTokenBucket(LINES, now, BURST);
  }

  /** The line, cut to what may be, and how many were left out before it; nothing when it is left out too. */
  pass(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly dropped: number } | undefined {
    if (this.#bucket.take() > 0) {
      this.#dropped += 1;
      return undefined;
    }
    return { bytes: bytes.subarray(0, MAX_LOG_LINE), dropped: this.takeDropped() };
  }

  /** How many were left out since it was last told. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
