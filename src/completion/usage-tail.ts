/** Reads what an answer cost from its last bytes, and from the first where the vendor tells a part of it there. */
import type { Usage } from "../protocol/message.ts";
import type { Dialect } from "../sdk/provider.ts";

type Tokens = Omit<Usage, "cost_usd">;

/** The last events are no longer than this; that of Responses repeats the whole reply. */
const TAIL_BYTES: Readonly<Record<Dialect, number>> = { chat: 8 * 1024, messages: 8 * 1024, responses: 2 ** 22 };
const KEY = '"usage":';
/** Where the usage of a whole answer is looked for first. */
const NEAR_BYTES = 4 * 1024;
/** Characters of the object. */
const MAX_USAGE = 4 * 1024;

/** What stands in the last events of a stream that was not cut short. Not every copy of OpenAI's API says [DONE]. */
const END: Readonly<Record<Dialect, RegExp>> = {
  chat: /^data: ?\[DONE\]|"finish_reason": ?"|"error": ?\{/m,
  messages: /"message_stop"|"type": ?"error"/,
  responses: /"response\.(?:completed|incomplete|failed)"|"type": ?"error"/,
};

/** Within these the first event of a stream of Messages ends, whatever comes before it and however it is cut. */
const HEAD_BYTES = 4 * 1024;

/** Keeps the beginning and the end of a stream of bytes. */
export class Ends {
  readonly #head: Uint8Array[] = [];
  #headSize = 0;
  /** Of these two together at least the last `#most` bytes. */
  #before: Uint8Array[] = [];
  #tail: Uint8Array[] = [];
  #size = 0;
  readonly #dialect: Dialect;
  readonly #most: number;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.#most = TAIL_BYTES[dialect];
  }

  push(chunk: Uint8Array): void {
    if (this.#headSize < HEAD_BYTES && this.#dialect === "messages") {
      this.#head.push(chunk);
      this.#headSize += chunk.byteLength;
    }
    if (this.#size >= this.#most) {
      this.#before = this.#tail;
      this.#tail = [];
      this.#size = 0;
    }
    this.#tail.push(chunk);
    this.#size += chunk.byteLength;
  }

  /** Whether the last events say that the reply has ended. */
  isWhole(): boolean {
    return END[this.#dialect].test(textOf(this.#last()));
  }

  /** Undefined when nothing told. */
  usage(): Tokens | undefined {
    const dialect = this.#dialect;
    const tail = readUsage(dialect, this.#last());
    return dialect === "messages" ? merged(readUsage(dialect, Buffer.concat(this.#head), "first"), tail) : tail;
  }

  #last(): Uint8Array {
    return Buffer.concat([...this.#before, ...this.#tail]);
  }
}

/** From a whole answer, or a part of one that has it. */
export function readUsage(dialect: Dialect, bytes: Uint8Array, which: "first" | "last" = "last"): Tokens | undefined {
  const isLarge = bytes.byteLength > NEAR_BYTES;
  // It stands at the end nearly always, and an answer can be large.
  const near = isLarge && which === "last" ? findUsage(dialect, textOf(bytes.subarray(-NEAR_BYTES)), which) : undefined;
  return near ?? findUsage(dialect, textOf(bytes), which);
}

/** What a byte above ASCII becomes does not matter here. */
const LATIN1 = new TextDecoder("latin1");

function textOf(bytes: Uint8Array): string {
  return LATIN1.decode(bytes);
}

/** What is looked for has no letters but those of ASCII, so that `text` may be any reading of the bytes. */
function findUsage(dialect: Dialect, text: string, which: "first" | "last"): Tokens | undefined {
  const isLast = which === "last";
  for (let at = isLast ? text.lastIndexOf(KEY) : text.indexOf(KEY); at >= 0; ) {
    const object = readObject(text, at + KEY.length);
    const tokens = object === undefined ? undefined : tokensOf(dialect, object);
    if (tokens !== undefined || (isLast && at === 0)) return tokens;
    at = isLast ? text.lastIndexOf(KEY, at - 1) : text.indexOf(KEY, at + 1);
  }
  return undefined;
}

/** The JSON object that begins at `from`; usage holds no strings with braces. */
function readObject(text: string, from: number): Record<string, unknown> | undefined {
  const begin = text.indexOf("{", from);
  if (begin < 0 || text.slice(from, begin).trim() !== "") return undefined;
  let opened = begin;
  let end = begin;
  do {
    end = text.indexOf("}", end + 1);
    if (end < 0 || end - begin > MAX_USAGE) return undefined;
    opened = text.indexOf("{", opened + 1);
  } while (opened >= 0 && opened < end);
  try {
    return JSON.parse(text.slice(begin, end + 1)) as Record<string, unknown>;
  } catch {
    // Not what it looked like; then nothing was told.
    return undefined;
  }
}

function tokensOf(dialect: Dialect, usage: Record<string, unknown>): Tokens | undefined {
  if (dialect === "messages") {
    if (!("input_tokens" in usage || "output_tokens" in usage)) return undefined;
    return {
      input: count(usage.input_tokens),
      output: count(usage.output_tokens),
      cache_read: count(usage.cache_read_input_tokens),
      cache_write: count(usage.cache_creation_input_tokens),
    };
  }
  const [input, output, details] =
    dialect === "chat"
      ? [usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details]
      : [usage.input_tokens, usage.output_tokens, usage.input_tokens_details];
  if (typeof input !== "number") return undefined;
  const { cached_tokens, cache_write_tokens } = (details ?? {}) as Record<string, unknown>;
  const cached = count(cached_tokens);
  const written = count(cache_write_tokens);
  // OpenAI counts both inside of the input.
  return {
    input: Math.max(0, input - cached - written),
    output: count(output),
    cache_read: cached,
    cache_write: written,
  };
}

/** Later counts are totals; one that the last event leaves out is that of the first. */
function merged(first: Tokens | undefined, last: Tokens | undefined): Tokens | undefined {
  if (first === undefined || last === undefined) return last ?? first;
  return {
    input: last.input || first.input,
    output: last.output || first.output,
    cache_read: last.cache_read || first.cache_read,
    cache_write: last.cache_write || first.cache_write,
  };
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
