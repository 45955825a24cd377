/** JSON read with the place of each key, for messages with a line. Stricter than `JSON.parse`: no key twice, no `__proto__`. */

export interface JsonEntry {
  readonly path: readonly (string | number)[];
  /** Where the key, or the element of an array, begins. */
  readonly start: number;
}

export type ParsedJson =
  | { readonly value: unknown; readonly entries: readonly JsonEntry[] }
  /** A sentence about the first fault, and where it is. */
  | { readonly fault: { readonly message: string; readonly start: number } };

/** Nesting deeper than `maxDepth` is a fault. */
export function parseJson(text: string, { maxDepth }: { readonly maxDepth: number }): ParsedJson {
  const reader = new Reader(text, maxDepth);
  try {
    return { value: reader.read(), entries: reader.entries };
  } catch (thrown) {
    if (!(thrown instanceof JsonFault)) throw thrown;
    return { fault: { message: `Not valid JSON: ${thrown.message}`, start: thrown.start } };
  }
}

class JsonFault extends Error {
  readonly start: number;

  constructor(message: string, start: number) {
    super(message);
    this.start = start;
  }
}

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Reader {
  readonly entries: JsonEntry[] = [];
  readonly #text: string;
  readonly #maxDepth: number;
  #at: number;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  read(): unknown {
    const value = this.#value([]);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#fault("something follows the value");
    return value;
  }

  #value(path: readonly (string | number)[]): unknown {
    this.#skip();
    if (path.length > this.#maxDepth) throw this.#fault(`nested deeper than ${this.#maxDepth}`);
    const char = this.#text[this.#at];
    if (char === "{") return this.#object(path);
    if (char === "[") return this.#array(path);
    const literal = this.#take(STRING) ?? this.#take(NUMBER) ?? this.#take(WORD);
    if (literal !== undefined) return JSON.parse(literal);
    throw this.#fault(char === undefined ? "it ends too early" : "a value is missing or is none");
  }

  #object(path: readonly (string | number)[]): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    if (this.#isNext("}")) return object;
    do {
      this.#skip();
      const start = this.#at;
      const quoted = this.#take(STRING);
      if (quoted === undefined) throw this.#fault("a key in quotes is missing");
      const key = JSON.parse(quoted) as string;
      if (key === "__proto__" || Object.hasOwn(object, key)) {
        throw new JsonFault(key === "__proto__" ? `"${key}" cannot be a key` : "a key is there twice", start);
      }
      if (!this.#isNext(":")) throw this.#fault("a colon is missing");
      const at = [...path, key];
      this.entries.push({ path: at, start });
      object[key] = this.#value(at);
    } while (this.#isNext(","));
    if (!this.#isNext("}")) throw this.#fault("a comma or a closing brace is missing");
    return object;
  }

  #array(path: readonly (string | number)[]): unknown[] {
    const array: unknown[] = [];
    this.#at++;
    if (this.#isNext("]")) return array;
    do {
      this.#skip();
      const at = [...path, array.length];
      this.entries.push({ path: at, start: this.#at });
      array.push(this.#value(at));
    } while (this.#isNext(","));
    if (!this.#isNext("]")) throw this.#fault("a comma or a closing bracket is missing");
    return array;
  }

  #skip(): void {
    this.#take(SPACE);
  }

  /** Goes behind `char` when it is what follows. */
  #isNext(char: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [match] = pattern.exec(this.#text) ?? [];
    if (match !== undefined) this.#at += match.length;
    return match;
  }

  #fault(message: string): JsonFault {
    return new JsonFault(message, this.#at);
  }
}
