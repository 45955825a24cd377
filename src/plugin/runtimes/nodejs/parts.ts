/** The parts of a stream between the one who sends and the one who reads. */
import type { AlephError } from "../../../protocol/errors.ts";

export class Parts {
  /** How many may be sent ahead. */
  static readonly WINDOW = 64;

  #queue: unknown[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #error: AlephError | undefined;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** False for more than was asked for; what comes after the end was on its way. */
  push(value: unknown): boolean {
    if (this.#ended) return true;
    if (this.#queue.length >= Parts.WINDOW * 2) return false;
    this.#queue.push(value);
    this.#wake?.();
    return true;
  }

  end(error: AlephError | undefined): void {
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Nothing at the end. Throws what it ended with, after the last part. */
  async next(): Promise<{ readonly value: unknown } | undefined> {
    while (this.#queue.length === 0) {
      if (this.#error) throw this.#error;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { value: this.#queue.shift() };
  }
}
