/** Output of a process that runs on: the newest part is kept, and each byte has a number by which it is asked for. */

export interface OutputPart {
  readonly text: string;
  /** Where this part begins: later than asked for when that is not kept any more. */
  readonly from: number;
  /** Where to go on. */
  readonly next: number;
}

export class KeptOutput {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #end = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes that ever came. */
  get end(): number {
    return this.#end;
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes.slice());
    this.#kept += bytes.byteLength;
    this.#end += bytes.byteLength;
    while (this.#kept > this.#limit) this.#dropOldest();
  }

  /** At most `limit` bytes from `offset`; characters are not cut as long as more is to come. */
  read(offset: number, limit: number): OutputPart {
    const begin = this.#end - this.#kept;
    const from = Math.min(Math.max(offset, begin), this.#end);
    const all = Buffer.concat(this.#chunks);
    const part = wholeCharacters(all.subarray(from - begin, from - begin + limit), from + limit < this.#end);
    return { text: part.toString("utf8"), from, next: from + part.byteLength };
  }

  #dropOldest(): void {
    const oldest = this.#chunks[0]!;
    const excess = Math.min(this.#kept - this.#limit, oldest.byteLength);
    if (excess === oldest.byteLength) this.#chunks.shift();
    else this.#chunks[0] = oldest.subarray(excess);
    this.#kept -= excess;
  }
}

/** Without the beginning of a character whose end is in the next part. */
function wholeCharacters(bytes: Buffer, hasMore: boolean): Buffer {
  if (!hasMore) return bytes;
  for (let back = 1; back <= Math.min(3, bytes.byteLength); back++) {
    const byte = bytes[bytes.byteLength - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.byteLength - back) : bytes;
  }
  return bytes;
}
