/**
 * What a node knows of the calls that it was given: each is begun once, its answer is kept for a while, and one that the
 * center asked about before it came is never begun.
 */

export type Memory<R> =
  | { readonly state: "running" }
  | { readonly state: "ended"; readonly answer: R }
  /** It was never begun, and from now on it never is. */
  | { readonly state: "never" }
  /** It may have been begun; that was too long ago. */
  | { readonly state: "forgotten" };

export interface KeptCallsOptions<R> {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly sizeOf: (answer: R) => number;
  readonly limits?: Partial<KeptLimits>;
}

export interface KeptLimits {
  /** How long an answer is kept. */
  readonly lastsMs: number;
  /** Of all answers together. */
  readonly bytes: number;
  /** Ids without an answer, of which it is still known that they came. */
  readonly ids: number;
}

interface Entry<R> {
  answer: { readonly value: R; readonly at: number; readonly bytes: number } | undefined;
  readonly listeners: ((answer: R) => void)[];
}

const LIMITS: KeptLimits = { lastsMs: 600_000, bytes: 32 * 1024 * 1024, ids: 100_000 };

export class KeptCalls<R> {
  readonly #o: KeptCallsOptions<R>;
  readonly #limits: KeptLimits;
  /** Those that run, and those whose answer is kept, in the order in which they ended. */
  readonly #calls = new Map<string, Entry<R>>();
  /** Oldest first. */
  readonly #refused = new Set<string>();
  readonly #over = new Set<string>();
  /** Whether there were ids that are not known any more: then nothing is sure of one that is not known. */
  #hasDropped = false;
  #bytes = 0;

  constructor(options: KeptCallsOptions<R>) {
    this.#o = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Whether it is to be run now. No when it is known already, or was asked about before it came. */
  begin(callId: string): boolean {
    this.#forgetOld();
    if (this.#calls.has(callId) || this.#over.has(callId) || this.#refused.has(callId)) return false;
    this.#calls.set(callId, { answer: undefined, listeners: [] });
    return true;
  }

  end(callId: string, value: R): void {
    const entry = this.#calls.get(callId);
    if (!entry || entry.answer) return;
    const bytes = this.#o.sizeOf(value);
    entry.answer = { value, at: this.#o.now(), bytes };
    this.#bytes += bytes;
    // To the end of the line: the map is in the order in which they are forgotten.
    this.#calls.delete(callId);
    this.#calls.set(callId, entry);
    for (const listener of entry.listeners.splice(0)) listener(value);
    this.#forgetOld();
  }

  look(callId: string): Memory<R> {
    this.#forgetOld();
    const entry = this.#calls.get(callId);
    if (entry?.answer) return { state: "ended", answer: entry.answer.value };
    if (entry) return { state: "running" };
    if (this.#over.has(callId) || (this.#hasDropped && !this.#refused.has(callId))) return { state: "forgotten" };
    this.#refused.add(callId);
    this.#trim(this.#refused);
    return { state: "never" };
  }

  /** Tells the answer of one that runs when it is there. */
  whenEnded(callId: string, listener: (answer: R) => void): void {
    this.#calls.get(callId)?.listeners.push(listener);
  }

  #forgetOld(): void {
    const before = this.#o.now() - this.#limits.lastsMs;
    for (const [id, { answer }] of this.#calls) {
      if (!answer) continue;
      if (answer.at > before && this.#bytes <= this.#limits.bytes) return;
      this.#calls.delete(id);
      this.#bytes -= answer.bytes;
      this.#over.add(id);
      this.#trim(this.#over);
    }
  }

  #trim(ids: Set<string>): void {
    if (ids.size <= this.#limits.ids) return;
    ids.delete(ids.keys().next().value!);
    this.#hasDropped = true;
  }
}
