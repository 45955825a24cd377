/** What a plugin prints, in the log: at most so much a second, and how much was left out. */
import type { Log } from "../../../lib/log.ts";

export interface OutputLogOptions {
  readonly log: Log;
  readonly now: () => number;
}

/** Bytes a second. */
const RATE = 64 * 1024;
/** Characters of one line. */
const MAX_LINE = 4096;

export class OutputLog {
  readonly #o: OutputLogOptions;
  #second = Number.NEGATIVE_INFINITY;
  #used = 0;
  #dropped = 0;

  constructor(options: OutputLogOptions) {
    this.#o = options;
  }

  /** Whether this second's share is used up: then a caller may as well not make lines of what it has. */
  get isFull(): boolean {
    this.#turn();
    return this.#used >= RATE;
  }

  line(text: string): void {
    if (this.#take(text.length)) {
      this.#o.log.info("plugin output", { text: text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text });
    }
  }

  /** Something is wrong with what it sent. */
  warn(message: string, fields: Record<string, unknown>): void {
    if (this.#take(256)) this.#o.log.warn(message, fields);
  }

  /** So many bytes were not even looked at. */
  drop(bytes: number): void {
    this.#turn();
    this.#dropped += bytes;
  }

  /** Tells what was dropped last. */
  end(): void {
    if (this.#dropped > 0) this.#o.log.warn("plugin output dropped", { bytes: this.#dropped });
    this.#dropped = 0;
  }

  #take(size: number): boolean {
    this.#turn();
    if (this.#used >= RATE) {
      this.#dropped += size;
      return false;
    }
    this.#used += Math.min(size, MAX_LINE);
    return true;
  }

  #turn(): void {
    const now = this.#o.now();
    if (now - this.#second < 1000) return;
    this.#second = now;
    this.#used = 0;
    this.end();
  }
}
