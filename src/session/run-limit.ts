/** How many runs a second one identity may begin and one session take, over all the ways in. */
import { createBuckets, type TakeOne } from "../lib/token-buckets.ts";
import { AlephError } from "../protocol/errors.ts";

export interface RunLimitOptions {
  /** `limits.rate.run`, asked at each run, so that a reload takes effect at once; 0 is no limit. */
  readonly rate: () => number;
  /** Milliseconds that no setting of a clock moves. */
  readonly monotonic: () => number;
}

/** Throws `rate_limited` when there were too many. */
export type TakeRun = (identity: string, sessionKey: string) => void;

export interface RunLimit {
  readonly take: TakeRun;
  /** What `take` takes from, for the pipeline of methods: it has other words for what it refuses, and less for guests. */
  readonly identities: TakeOne;
  readonly sessions: TakeOne;
}

export function createRunLimit({ rate, monotonic }: RunLimitOptions): RunLimit {
  const identities = createBuckets(monotonic);
  const sessions = createBuckets(monotonic);
  return {
    identities,
    sessions,
    take(identity, sessionKey) {
      const most = rate();
      if (most === 0) return;
      const waitMs = identities(identity, most) || sessions(sessionKey, most);
      if (waitMs === 0) return;
      throw new AlephError("rate_limited", `More than ${most} runs a second`, {
        data: { retry_after_ms: waitMs, hint: "[limits.rate].run in config.toml sets the limit" },
      });
    },
  };
}
