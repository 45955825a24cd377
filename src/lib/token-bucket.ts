/** A token bucket: `rate` tokens a second, up to one second's worth saved. */

export interface TokenBucket {
  /** Takes one token. 0 when there was one, otherwise the milliseconds until there will be. */
  take(): number;
}

/** What rounding may lack: whoever waits as long as he was told gets his token. */
const SLACK = 1e-9;

/** `rate` 0 means no limit. `now` is monotonic milliseconds, so that a jump of the clock changes nothing. */
export function createTokenBucket(
  rate: number,
  now: () => number = () => performance.now(),
  burst = rate,
): TokenBucket {
  if (rate <= 0) return { take: () => 0 };
  const size = Math.max(1, burst);
  let tokens = size;
  let last = now();
  return {
    take() {
      const at = now();
      tokens = Math.min(size, tokens + ((at - last) / 1000) * rate);
      last = at;
      if (tokens >= 1 - SLACK) {
        tokens = Math.max(0, tokens - 1);
        return 0;
      }
      return Math.ceil(((1 - SLACK / 2 - tokens) / rate) * 1000);
    },
  };
}
