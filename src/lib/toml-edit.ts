/** Changes a TOML text in place, so that comments, order and spelling of all else stay. */
import { isTable } from "./merge-patch.ts";
import { indexToml, type TomlEntry, type TomlPath } from "./toml-source.ts";

type Table = Record<string, unknown>;

export interface TomlEditOptions {
  /** A whole document as TOML. */
  readonly stringify: (table: Table) => string;
  /** The path in `before` for a path as it is written in the text, where the two differ. */
  readonly pathOf?: (path: TomlPath) => TomlPath;
}

/**
 * `source` holds the document `before`; the result is meant to hold `after`. Nothing when a change has no place of its
 * own in the text. The caller parses the result and compares: a text can say one thing in more ways than are known here.
 */
export function editToml(source: string, before: Table, after: Table, options: TomlEditOptions): string | undefined {
  const { stringify, pathOf = (path) => path } = options;
  const entries = indexToml(source).map((entry) => ({ ...entry, path: pathOf(entry.path) }));
  const lineEnd = source.includes("\r\n") ? "\r\n" : "\n";
  const edits: Edit[] = [];
  for (const change of compare(before, after, [])) {
    const found = place(change, { source, entries, stringify, after });
    if (!found) return undefined;
    edits.push(...found);
  }
  return applyEdits(source, edits, lineEnd);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  /** With `\n` line ends. */
  readonly text: string;
  /** Whether an empty line goes before it, unless it is the first of all. */
  readonly block?: boolean;
}

type Change =
  | { readonly kind: "add" | "set"; readonly path: readonly string[]; readonly value: unknown }
  | { readonly kind: "remove"; readonly path: readonly string[] };

interface Text {
  readonly source: string;
  readonly entries: readonly TomlEntry[];
  readonly stringify: (table: Table) => string;
  /** What the text is meant to hold. */
  readonly after: Table;
}

function compare(before: Table, after: Table, path: readonly string[]): Change[] {
  const changes: Change[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = [...path, key];
    const [old, value] = [before[key], after[key]];
    if (!Object.hasOwn(after, key)) changes.push({ kind: "remove", path: at });
    else if (!Object.hasOwn(before, key)) changes.push({ kind: "add", path: at, value });
    else if (isTable(old) && isTable(value)) changes.push(...compare(old, value, at));
    else if (!Bun.deepEquals(old, value)) changes.push({ kind: "set", path: at, value });
  }
  return changes;
}

function place(change: Change, text: Text): Edit[] | undefined {
  const around = inlineAround(change.path, text.entries);
  // A table on one line has no lines of its own keys; a value in it is changed where it stands.
  if (around && change.kind !== "set") return placeValue(around, valueAt(text.after, around), text);
  switch (change.kind) {
    case "set":
      return placeValue(change.path, change.value, text);
    case "remove":
      return placeRemoval(change.path, text);
    case "add":
      return placeAddition(change.path, change.value, text);
  }
}

function placeValue(path: readonly string[], value: unknown, { entries, stringify }: Text): Edit[] | undefined {
  const own = entries.filter((entry) => entry.kind !== "header" && isAt(entry, path));
  const [only] = own;
  if (!only || own.length > 1) return undefined;
  return [{ start: only.valueStart, end: only.end, text: inline(value, stringify) }];
}

/** The lines of the key and of all below it, with their headers. */
function placeRemoval(path: readonly string[], { source, entries }: Text): Edit[] | undefined {
  const lines = entries.filter((entry) => entry.kind !== "inner" && isWithin(entry, path));
  if (lines.length === 0) return undefined;
  return lines.map(({ start, end }) => {
    const next = source.indexOf("\n", end);
    return { start: source.lastIndexOf("\n", start - 1) + 1, end: next < 0 ? source.length : next + 1, text: "" };
  });
}

function placeAddition(
  path: readonly string[],
  value: unknown,
  { source, entries, stringify }: Text,
): Edit[] | undefined {
  const parent = path.slice(0, -1);
  const key = path.at(-1) ?? "";
  const header = entries.findIndex((entry) => entry.kind === "header" && isAt(entry, parent));
  const dotted = header < 0 ? entries.findLast((entry) => entry.kind === "key" && isWithin(entry, parent)) : undefined;
  if (dotted && parent.length > 0 && !isTable(value)) {
    const table = entries.slice(0, entries.indexOf(dotted)).findLast(({ kind }) => kind === "header")?.path ?? [];
    // Without a header of its own a table is made of such keys, and only there TOML takes more of them.
    if (table.length < parent.length)
      return [lineBelow(dotted, path.slice(table.length), value, { source, stringify })];
  }
  if (isTable(value) || header < 0) {
    // At the end, below a header of its own.
    const table = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Table;
    return [{ start: source.length, end: source.length, text: `${stringify(table).trimEnd()}\n`, block: true }];
  }
  // Below the last key of its table.
  let last = entries[header];
  for (const entry of entries.slice(header + 1)) {
    if (entry.kind === "header") break;
    if (entry.kind === "key") last = entry;
  }
  return [lineBelow(last!, [key], value, { source, stringify })];
}

function lineBelow(
  { end }: TomlEntry,
  keys: readonly string[],
  value: unknown,
  { source, stringify }: Pick<Text, "source" | "stringify">,
): Edit {
  const name = keys.map((key) => stringify({ [key]: 0 }).replace(/ = 0\s*$/, "")).join(".");
  const line = `${name} = ${inline(value, stringify)}`;
  const next = source.indexOf("\n", end);
  // The start of the next line, so that it also holds when the line before it goes.
  return next < 0
    ? { start: source.length, end: source.length, text: `\n${line}` }
    : { start: next + 1, end: next + 1, text: `${line}\n` };
}

/** The outermost table around `path` that stands on one line. */
function inlineAround(path: readonly string[], entries: readonly TomlEntry[]): readonly string[] | undefined {
  for (let length = 1; length < path.length; length++) {
    const around = path.slice(0, length);
    if (entries.some((entry) => entry.kind === "key" && isAt(entry, around))) return around;
  }
  return undefined;
}

function valueAt(root: Table, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTable(at) ? at[key] : undefined), root);
}

/** A value on one line, tables included: inside two arrays `stringify` has no other way to write it. */
function inline(value: unknown, stringify: (table: Table) => string): string {
  return stringify({ v: [[value]] })
    .trim()
    .replace(/^v = \[ \[ /, "")
    .replace(/ \] \]$/, "");
}

function isAt(entry: TomlEntry, path: readonly string[]): boolean {
  return entry.path.length === path.length && isWithin(entry, path);
}

function isWithin(entry: TomlEntry, path: readonly string[]): boolean {
  return path.every((key, index) => entry.path[index] === key);
}

/** Edits at one place keep their order; of two that overlap, as when a table goes with its keys, the outer one wins. */
function applyEdits(source: string, edits: readonly Edit[], lineEnd: string): string {
  let result = "";
  let at = 0;
  for (const { start, end, text, block } of edits.toSorted((a, b) => a.start - b.start)) {
    if (start < at) continue;
    result += source.slice(at, start);
    if (block && result !== "") result += result.endsWith("\n") ? lineEnd : lineEnd + lineEnd;
    result += text.replaceAll("\n", lineEnd);
    at = end;
  }
  return result + source.slice(at);
}
