/** What is written to an HTTP request on its way to the server: kept as long as it is one piece, then piece by piece. */

type Done = (error?: Error | null) => void;

export class RequestBody {
  readonly #pieces: { readonly chunk: Uint8Array; readonly done: Done | undefined }[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  /** `done` is called when the next piece may come. */
  push(chunk: Uint8Array, done: Done): void {
    const isFirst = this.#pieces.length === 0 && !this.#wake;
    this.#pieces.push({ chunk, done: isFirst ? undefined : done });
    if (isFirst) done();
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Whether it is more than one piece. */
  get isLong(): boolean {
    return this.#pieces.length > 1;
  }

  /** To be asked once. */
  whole(): Uint8Array | AsyncIterable<Uint8Array> | undefined {
    if (this.#ended && this.#pieces.length === 0) return undefined;
    return this.#ended && this.#pieces.length === 1 ? this.#pieces[0]!.chunk : this.#read();
  }

  async *#read(): AsyncIterable<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) {
        yield piece.chunk;
        piece.done?.();
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
