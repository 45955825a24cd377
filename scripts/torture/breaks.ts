/** Breaks of a load: its connections stay, and nothing is asked over them. */
export class Breaks {
  #over = Promise.resolve();
  #end = (): void => undefined;

  /** Resolves when there is none, or at its end. */
  get over(): Promise<void> {
    return this.#over;
  }

  begin(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    this.#end = resolve;
  }

  end(): void {
    this.#end();
  }
}
