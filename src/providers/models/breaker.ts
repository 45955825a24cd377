/** A circuit breaker: a provider, or one of its keys, that fails is left alone for a while. */

export interface Breaker {
  /** Whether a call may be made now. After the pause one call may: the probe whose end decides. */
  allow(): boolean;
  succeeded(): void;
  failed(): void;
  /** Neither: the call was cancelled, or failed for a reason that says nothing about health. */
  ended(): void;
  /** Asked to wait, whatever was before; longer pauses win. */
  rest(ms: number): void;
  /** Milliseconds until a call may be made; 0 when one may. */
  pausedFor(): number;
}

export interface BreakerOptions {
  readonly now: () => number;
  readonly failures?: number;
  readonly windowMs?: number;
  readonly pauseMs?: number;
  /** It began a pause of so many milliseconds, or, with null, is well again. */
  readonly onChange?: (pauseMs: number | null) => void;
}

export function createBreaker(options: BreakerOptions): Breaker {
  const { now, failures = 5, windowMs = 30_000, pauseMs = 30_000, onChange = () => undefined } = options;
  let recent: number[] = [];
  let openUntil: number | undefined;
  let restUntil: number | undefined;
  let probing = false;

  const until = () => Math.max(openUntil ?? Number.NEGATIVE_INFINITY, restUntil ?? Number.NEGATIVE_INFINITY);
  const isOpen = () => openUntil !== undefined || restUntil !== undefined;
  const pausedFor = () => Math.max(0, until() - now());

  return {
    allow() {
      if (!isOpen()) return true;
      if (probing || pausedFor() > 0) return false;
      probing = true;
      return true;
    },
    succeeded() {
      const wasOpen = isOpen();
      recent = [];
      openUntil = undefined;
      // A call that began before the rest says nothing about it.
      if (restUntil !== undefined && now() >= restUntil) restUntil = undefined;
      probing = false;
      if (wasOpen && !isOpen()) onChange(null);
    },
    failed() {
      const at = now();
      recent = [...recent.filter((then) => at - then < windowMs), at];
      if (probing || recent.length >= failures) {
        openUntil = at + pauseMs;
        onChange(Math.round(pausedFor()));
      }
      probing = false;
    },
    ended() {
      probing = false;
    },
    rest(ms) {
      probing = false;
      const wanted = now() + ms;
      if (restUntil !== undefined && restUntil >= wanted) return;
      restUntil = wanted;
      onChange(Math.round(pausedFor()));
    },
    pausedFor,
  };
}
