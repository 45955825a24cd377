/** Output of a process as it comes: both ends kept, the middle counted, live text handed on. */

export interface Captured {
  readonly text: string;
  readonly truncated: boolean;
}

/** Keeps at most `limit` bytes: the first half as it came, and of the rest the last half. */
export class OutputCapture {
  readonly #half: number;
  readonly #onText: ((text: string) => void) | undefined;
  readonly #head: Uint8Array[] = [];
  readonly #tail: Uint8Array[] = [];
  #headSize = 0;
  #tailSize = 0;
  #dropped = 0;
  #shown = 0;
  readonly #limit: number;

  constructor(limit: number, onText?: (text: string) => void) {
    this.#limit = limit;
    this.#half = Math.max(1, Math.floor(limit / 2));
    this.#onText = onText;
  }

  /** A writer for one stream; each decodes for itself, so that a character cut by another stream stays whole. */
  stream(): (chunk: Uint8Array) => void {
    const decoder = new TextDecoder();
    return (chunk) => {
      this.#keep(chunk);
      if (!this.#onText || this.#shown >= this.#limit) return;
      // People who watch see the beginning; a flood must not become a flood of events.
      const visible = chunk.subarray(0, this.#limit - this.#shown);
      this.#shown += visible.byteLength;
      const text = decoder.decode(visible, { stream: true });
      if (text !== "") this.#onText(text);
    };
  }

  finish(): Captured {
    const head = Buffer.concat(this.#head).toString("utf8");
    const tail = Buffer.concat(this.#tail).toString("utf8");
    if (this.#dropped === 0)
      return { text: Buffer.concat([...this.#head, ...this.#tail]).toString("utf8"), truncated: false };
    return { text: `${head}\n[… ${this.#dropped} bytes left out …]\n${tail}`, truncated: true };
  }

  #keep(chunk: Uint8Array): void {
    const first = chunk.slice(0, Math.max(0, this.#half - this.#headSize));
    if (first.byteLength > 0) this.#head.push(first);
    this.#headSize += first.byteLength;
    const rest = chunk.slice(first.byteLength);
    if (rest.byteLength === 0) return;
    this.#tail.push(rest);
    this.#tailSize += rest.byteLength;
    while (this.#tailSize > this.#half) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#tail[0]!;
    const excess = Math.min(this.#tailSize - this.#half, oldest.byteLength);
    if (excess === oldest.byteLength) this.#tail.shift();
    else this.#tail[0] = oldest.subarray(excess);
    this.#tailSize -= excess;
    this.#dropped += excess;
  }
}
