/** Token buckets by name, as many as are remembered. */
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** Names that are remembered; beyond it the oldest goes first. */
const REMEMBERED = 10_000;

interface Held {
  readonly bucket: TokenBucket;
  readonly rate: number;
}

/** Takes one from the bucket of `who`: 0 when there was one, else the milliseconds until there will be. `burst`: see `createTokenBucket`. */
export type TakeOne = (who: string, rate: number, burst?: number) => number;

/** `monotonic` is milliseconds that no setting of a clock moves. Another rate than before is another bucket. */
export function createBuckets(monotonic: () => number): TakeOne {
  const buckets = new Map<string, Held>();
  return (who, rate, burst) => {
    let held = buckets.get(who);
    if (held?.rate !== rate) {
      held = { bucket: createTokenBucket(rate, monotonic, burst), rate };
      buckets.set(who, held);
      if (buckets.size > REMEMBERED) buckets.delete(buckets.keys().next().value!);
    }
    return held.bucket.take();
  };
}
