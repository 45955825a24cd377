/** What was seen lately, so that what comes again is known. */
export class Recent {
  readonly #seen = new Set<string>();
  readonly #limit: number;

  constructor(limit = 2000) {
    this.#limit = limit;
  }

  /** Whether it is new; from here on it is not. */
  add(key: string): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    if (this.#seen.size > this.#limit) this.#seen.delete(this.#seen.values().next().value!);
    return true;
  }
}
