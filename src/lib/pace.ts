/** Slows down one who sends too much: whoever reads waits, until the pipe is full and the sender has to wait too. */
import { pause } from "./pause.ts";

export interface PaceOptions {
  /** Bytes a second that are read without a pause, after one second's worth at once. */
  readonly rate: number;
  readonly now: () => number;
}

/** Shorter pauses cost more than they save. */
const SHORTEST_MS = 5;

export class Pace {
  readonly #o: PaceOptions;
  #left: number;
  #last: number;

  constructor(options: PaceOptions) {
    this.#o = options;
    this.#left = options.rate;
    this.#last = options.now();
  }

  spend(bytes: number): void {
    const { rate, now } = this.#o;
    const at = now();
    this.#left = Math.min(rate, this.#left + ((at - this.#last) / 1000) * rate) - bytes;
    this.#last = at;
  }

  /** Takes back what turned out to be wanted. */
  refund(bytes: number): void {
    this.#left += bytes;
  }

  /** Resolves when the next may be read; nothing when that is now. */
  wait(signal: AbortSignal): Promise<void> | undefined {
    if (this.#left >= 0) return undefined;
    return pause(Math.max(SHORTEST_MS, (-this.#left / this.#o.rate) * 1000), signal);
  }
}

/** Hands on what comes, at that pace. Resolves at the end, and when `signal` aborts; throws what breaks the stream before. */
export async function readPaced(
  stream: ReadableStream<Uint8Array>,
  pace: Pace,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => void,
): Promise<void> {
  try {
    for await (const chunk of stream) {
      pace.spend(chunk.length);
      take(chunk);
      await pace.wait(signal);
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
