/** How many runs a second one identity may begin and one session take, where they do not come through the pipeline of methods. */
import { createBuckets } from "../lib/token-buckets.ts";
import { AlephError } from "../protocol/errors.ts";

export interface RunLimitOptions {
  /** `limits.rate.run`, asked at each run, so that a reload takes effect at once; 0 is no limit. */
  readonly rate: () => number;
  /** Milliseconds that no setting of a clock moves. */
  readonly monotonic: () => number;
}

/** Throws `rate_limited` when there were too many. */
export type TakeRun = (identity: string, sessionKey: string) => void;

export function createRunLimit({ rate, monotonic }: RunLimitOptions): TakeRun {
  const identities = createBuckets(monotonic);
  const sessions = createBuckets(monotonic);
  return (identity, sessionKey) => {
    const most = rate();
    if (most === 0) return;
    const waitMs = identities(identity, most) || sessions(sessionKey, most);
    if (waitMs === 0) return;
    throw new AlephError("rate_limited", `More than ${most} runs a second`, {
      data: { retry_after_ms: waitMs, hint: "[limits.rate].run in config.toml sets the limit" },
    });
  };
}
