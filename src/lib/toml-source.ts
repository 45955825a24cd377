/** Where each key of a TOML document stands in its text; for messages with a line and for edits that keep comments. */

export type TomlPath = readonly (string | number)[];

export interface TomlEntry {
  /** Keys from the root; a number is the index in an array. */
  readonly path: TomlPath;
  /** `header` is `[a.b]` or `[[a.b]]`, `key` a line of its own, `inner` is inside an inline table or array. */
  readonly kind: "header" | "key" | "inner";
  /** Where the key (or the bracket of a header) begins. */
  readonly start: number;
  /** Where the value begins; for a header the same as `end`. */
  readonly valueStart: number;
  /** Behind the value or the closing bracket. */
  readonly end: number;
}

/** The line, from 1, of a place in the text. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at >= 0 && at < offset; at = source.indexOf("\n", at + 1)) line++;
  return line;
}

/** All keys in the order of the text. `source` must be TOML that a parser with a limit of depth has accepted. */
export function indexToml(source: string): TomlEntry[] {
  const entries: TomlEntry[] = [];
  /** Tables so far in each array of tables. */
  const counts = new Map<string, number>();
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  let table: TomlPath = [];

  while (true) {
    at = skipBlank(source, at);
    if (at >= source.length) return entries;
    const start = at;
    if (source[at] === "[") {
      const isArray = source[at + 1] === "[";
      const header = readKey(source, at + (isArray ? 2 : 1), "]");
      table = place(header.keys, isArray, counts);
      at = header.end + (isArray ? 2 : 1);
      entries.push({ path: table, kind: "header", start, valueStart: at, end: at });
    } else {
      const key = readKey(source, at, "=");
      const path = [...table, ...key.keys];
      at = addValue(source, { path, kind: "key", start, valueStart: skipSpace(source, key.end + 1) }, entries);
    }
    at = Math.max(at, start + 1);
  }
}

/** The path that a header means: below an array of tables it means its newest table. */
function place(keys: readonly string[], isArray: boolean, counts: Map<string, number>): TomlPath {
  const path: (string | number)[] = [];
  keys.forEach((key, index) => {
    path.push(key);
    const id = JSON.stringify(path);
    const last = index === keys.length - 1;
    if (last && isArray) counts.set(id, (counts.get(id) ?? 0) + 1);
    const count = counts.get(id);
    if (count !== undefined && (!last || isArray)) path.push(count - 1);
  });
  return path;
}

/** A dotted key up to `stop`, which ends the result. */
function readKey(source: string, from: number, stop: string): { keys: string[]; end: number } {
  const keys: string[] = [];
  let at = from;
  while (at < source.length) {
    at = skipSpace(source, at);
    const first = source[at];
    if (first === stop) break;
    if (first === ".") {
      at++;
    } else if (first === '"' || first === "'") {
      const end = skipString(source, at);
      const text = source.slice(at + 1, end - 1);
      keys.push(first === '"' ? decodeEscapes(text) : text);
      at = end;
    } else {
      const begin = at;
      while (at < source.length && /[A-Za-z0-9_-]/.test(source[at]!)) at++;
      if (at === begin) return { keys, end: at };
      keys.push(source.slice(begin, at));
    }
  }
  return { keys, end: at };
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\x1b" };

function decodeEscapes(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
    (_all, u, U, x, plain: string) => {
      const code = u ?? U ?? x;
      if (code === undefined) return ESCAPES[plain] ?? plain;
      const point = Number.parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : "";
    },
  );
}

/** Adds an entry and those inside of its value; returns the end of the value. */
function addValue(source: string, entry: Omit<TomlEntry, "end">, entries: TomlEntry[]): number {
  const slot = entries.length;
  entries.push({ ...entry, end: entry.valueStart });
  const end = skipValue(source, entry.valueStart, entry.path, entries);
  entries[slot] = { ...entry, end };
  return end;
}

function skipValue(source: string, at: number, path: TomlPath, entries: TomlEntry[]): number {
  const first = source[at];
  if (first === '"' || first === "'") return skipString(source, at);
  if (first === "[") return skipArray(source, at, path, entries);
  if (first === "{") return skipInlineTable(source, at, path, entries);
  let end = at;
  while (end < source.length && !",]}#\n\r".includes(source[end]!)) end++;
  return at + source.slice(at, end).trimEnd().length;
}

function skipArray(source: string, from: number, path: TomlPath, entries: TomlEntry[]): number {
  let at = from + 1;
  for (let index = 0; ; index++) {
    at = skipBlank(source, at);
    if (at >= source.length) return at;
    if (source[at] === "]") return at + 1;
    const start = at;
    const end = addValue(source, { path: [...path, index], kind: "inner", start, valueStart: start }, entries);
    at = skipBlank(source, end);
    if (source[at] === ",") at++;
    else if (at === start) at++;
  }
}

function skipInlineTable(source: string, from: number, path: TomlPath, entries: TomlEntry[]): number {
  let at = from + 1;
  while (true) {
    at = skipBlank(source, at);
    if (at >= source.length) return at;
    if (source[at] === "}") return at + 1;
    const start = at;
    const key = readKey(source, at, "=");
    const valueStart = skipSpace(source, key.end + 1);
    const end = addValue(source, { path: [...path, ...key.keys], kind: "inner", start, valueStart }, entries);
    at = skipBlank(source, end);
    if (source[at] === ",") at++;
    else if (at === start) at++;
  }
}

function skipString(source: string, at: number): number {
  const quote = source[at]!;
  const long = quote.repeat(3);
  const isLong = source.startsWith(long, at);
  const close = isLong ? long : quote;
  let end = at + close.length;
  while (end < source.length && !source.startsWith(close, end)) end += quote === '"' && source[end] === "\\" ? 2 : 1;
  end += close.length;
  // A long string may end in one or two quotes of its own.
  for (let own = 0; isLong && own < 2 && source[end] === quote; own++) end++;
  return Math.min(end, source.length);
}

function skipSpace(source: string, from: number): number {
  let at = from;
  while (source[at] === " " || source[at] === "\t") at++;
  return at;
}

/** Behind white space, line ends and comments. */
function skipBlank(source: string, from: number): number {
  let at = from;
  while (at < source.length) {
    const char = source[at]!;
    if (char === "#") {
      const end = source.indexOf("\n", at);
      at = end < 0 ? source.length : end + 1;
    } else if (char === " " || char === "\t" || char === "\n" || char === "\r") at++;
    else break;
  }
  return at;
}
