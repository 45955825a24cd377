/** Cuts a stream of bytes into lines of text; a line that is too long costs no more than its limit. */

export interface LineSplitterOptions {
  /** Bytes of a line that is kept. */
  readonly maxLine: number;
  /** Asked once when a line is about to pass `maxLine`, with how it begins: how long it may become instead. */
  readonly limitFor?: (head: string) => number;
  /** Without the line feed; never empty. */
  readonly onLine: (line: string) => void;
  /** A line that was dropped, told when it passes its limit; `head` is how it begins. */
  readonly onTooLong: (head: string) => void;
}

const LINE_FEED = 10;
const HEAD = 200;

export class LineSplitter {
  readonly #o: LineSplitterOptions;
  readonly #decoder = new TextDecoder();
  /** The pieces of a line that has not ended yet. */
  #pieces: Uint8Array[] = [];
  #size = 0;
  #limit: number;
  #isDropped = false;

  constructor(options: LineSplitterOptions) {
    this.#o = options;
    this.#limit = options.maxLine;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      if (end < 0) break;
      this.#add(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.subarray(start));
  }

  /** What is left counts as a line. */
  end(): void {
    this.#finish();
  }

  #add(piece: Uint8Array): void {
    if (this.#isDropped) return;
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size <= this.#limit) return;
    const head = this.#head();
    if (this.#limit === this.#o.maxLine) this.#limit = Math.max(this.#limit, this.#o.limitFor?.(head) ?? 0);
    if (this.#size <= this.#limit) return;
    this.#isDropped = true;
    this.#pieces = [];
    this.#o.onTooLong(head);
  }

  #finish(): void {
    const line = this.#isDropped ? "" : this.#text();
    this.#pieces = [];
    this.#size = 0;
    this.#limit = this.#o.maxLine;
    this.#isDropped = false;
    if (line !== "") this.#o.onLine(line);
  }

  #text(): string {
    if (this.#size === 0) return "";
    const [only] = this.#pieces;
    return this.#decoder.decode(this.#pieces.length === 1 ? only : joined(this.#pieces, this.#size));
  }

  #head(): string {
    return this.#decoder.decode(joined(this.#pieces, this.#size, HEAD));
  }
}

/** The first `max` bytes of all pieces. */
function joined(pieces: readonly Uint8Array[], size: number, max = size): Uint8Array {
  const whole = new Uint8Array(Math.min(size, max));
  let at = 0;
  for (const piece of pieces) {
    const part = piece.subarray(0, whole.length - at);
    whole.set(part, at);
    at += part.length;
    if (at === whole.length) break;
  }
  return whole;
}
