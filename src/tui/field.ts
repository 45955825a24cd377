/** The text that a person writes: a cursor in it, words, lines, history, and how it stands on the screen. */
import { charactersOf, widthOf } from "./line.ts";

export interface Field {
  readonly text: string;
  /** In code units of the text. */
  readonly cursor: number;
  /** The place in the history that is shown; -1 is what the person writes now. */
  readonly back: number;
  /** What was written before the history was looked at. */
  readonly kept: string;
}

export const EMPTY: Field = { text: "", cursor: 0, back: -1, kept: "" };

export function fieldOf(text: string, cursor = text.length): Field {
  return { text, cursor, back: -1, kept: "" };
}

export function insert({ text, cursor }: Field, added: string): Field {
  return fieldOf(text.slice(0, cursor) + added + text.slice(cursor), cursor + added.length);
}

export function replace({ text }: Field, from: number, to: number, added: string): Field {
  return fieldOf(text.slice(0, from) + added + text.slice(to), from + added.length);
}

export type Motion = "left" | "right" | "word-left" | "word-right" | "line-start" | "line-end" | "start" | "end";

export function move(field: Field, motion: Motion): Field {
  return { ...field, cursor: target(field, motion) };
}

/** Takes away what lies between the cursor and where the motion would bring it. */
export function erase(field: Field, motion: Motion): Field {
  const to = target(field, motion);
  const [from, until] = to < field.cursor ? [to, field.cursor] : [field.cursor, to];
  return from === until ? field : replace(field, from, until, "");
}

function target({ text, cursor }: Field, motion: Motion): number {
  const before = text.slice(0, cursor);
  const after = text.slice(cursor);
  switch (motion) {
    case "left":
      return cursor - (charactersOf(before.slice(-32)).at(-1)?.length ?? 0);
    case "right":
      return cursor + (charactersOf(after.slice(0, 32))[0]?.length ?? 0);
    case "word-left":
      return before.replace(/[\p{L}\p{N}_]+[^\p{L}\p{N}_]*$|[^\p{L}\p{N}_]+$/u, "").length;
    case "word-right":
      return cursor + (/^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(after)?.[0].length ?? 0);
    case "line-start":
      return before.lastIndexOf("\n") + 1;
    case "line-end":
      return cursor + (/^[^\n]*/.exec(after)?.[0].length ?? 0);
    case "start":
      return 0;
    case "end":
      return text.length;
  }
}

/** A line up or down on the screen; undefined where there is none. */
export function moveLine(field: Field, by: -1 | 1, width: number): Field | undefined {
  const { rows, row, column } = layOut(field, width);
  const next = rows[row + by];
  if (!next) return undefined;
  let cursor = next.start;
  let used = 0;
  for (const character of charactersOf(next.text)) {
    const own = widthOf(character);
    if (used + own > column) break;
    used += own;
    cursor += character.length;
  }
  return { ...field, cursor };
}

/** An older or newer message of the history, newest first; undefined where there is none. */
export function recall(field: Field, by: -1 | 1, history: readonly string[]): Field | undefined {
  const back = field.back + by;
  if (back < -1 || back >= history.length) return undefined;
  const kept = field.back === -1 ? field.text : field.kept;
  const text = back === -1 ? kept : history[back]!;
  return { text, cursor: text.length, back, kept };
}

export interface FieldRow {
  readonly text: string;
  /** Where it begins in the text. */
  readonly start: number;
}

export interface FieldLayout {
  readonly rows: readonly FieldRow[];
  /** Of the cursor. */
  readonly row: number;
  readonly column: number;
}

/** Broken anywhere, so that what is written does not move while it is written. */
export function layOut({ text, cursor }: Field, width: number): FieldLayout {
  const room = Math.max(1, width);
  const rows: FieldRow[] = [];
  let at = { row: 0, column: 0 };
  let start = 0;
  for (const line of text.split("\n")) {
    let from = start;
    let used = 0;
    let end = start;
    for (const character of charactersOf(line)) {
      const own = widthOf(character);
      if (used > 0 && used + own > room) {
        rows.push({ text: text.slice(from, end), start: from });
        from = end;
        used = 0;
      }
      if (end === cursor) at = { row: rows.length, column: used };
      used += own;
      end += character.length;
    }
    if (end === cursor) at = used < room ? { row: rows.length, column: used } : { row: rows.length + 1, column: 0 };
    rows.push({ text: text.slice(from, end), start: from });
    // The cursor behind a full line stands on the next.
    if (at.row === rows.length && end === cursor) rows.push({ text: "", start: end });
    start += line.length + 1;
  }
  return { rows, ...at };
}
