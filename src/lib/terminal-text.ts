/** Text of unknown origin made safe to print: nothing in it moves the cursor, changes colours or reorders what is read. */

/** Control characters but tab and line feed, line separators, what turns the direction of text, and invisible tags. */
const CONTROLS = /\r\n|(?![\n\t])\p{Cc}|[\u061c\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** Also what is seen as nothing at all: in text that a person decides about, each character must show. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** For running text: line feeds and tabs stay, CRLF becomes LF, any other control shows as `\x1b`. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (found) => (found === "\r\n" ? "\n" : escapeOf(found)));
}

/** For a name in a line or a cell: as `printable`, with line feeds and tabs as spaces. */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, " ");
}

/** For what a person allows or denies: every character that could hide shows as an escape, line feeds and tabs too. */
export function exactLine(text: string): string {
  return text.replace(INVISIBLE, (found) => NAMES[found] ?? escapeOf(found));
}

/** JSON whose strings hold no control character in the clear; it parses to the same value. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(CONTROLS, (found) =>
    [...Array(found.length).keys()].map((at) => `\\u${hex(found.charCodeAt(at), 4)}`).join(""),
  );
}

function escapeOf(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return point <= 0xff ? `\\x${hex(point, 2)}` : `\\u{${hex(point, 4)}}`;
}

function hex(point: number, digits: number): string {
  return point.toString(16).padStart(digits, "0");
}
