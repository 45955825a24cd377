/** A circuit breaker: after several failures in a short time a provider is left alone for a while. */

export interface Breaker {
  /** Whether a call may be made now. After the pause one call may: the probe whose end decides. */
  allow(): boolean;
  succeeded(): void;
  failed(): void;
  /** Neither: the call was cancelled, or failed for a reason that says nothing about the provider's health. */
  ended(): void;
}

export interface BreakerOptions {
  readonly now: () => number;
  readonly failures?: number;
  readonly windowMs?: number;
  readonly pauseMs?: number;
}

export function createBreaker({ now, failures = 5, windowMs = 30_000, pauseMs = 30_000 }: BreakerOptions): Breaker {
  let recent: number[] = [];
  let openedAt: number | undefined;
  let probing = false;
  return {
    allow() {
      if (openedAt === undefined) return true;
      if (probing || now() - openedAt < pauseMs) return false;
      probing = true;
      return true;
    },
    succeeded() {
      recent = [];
      openedAt = undefined;
      probing = false;
    },
    failed() {
      const at = now();
      recent = [...recent.filter((then) => at - then < windowMs), at];
      if (probing || recent.length >= failures) openedAt = at;
      probing = false;
    },
    ended() {
      probing = false;
    },
  };
}
