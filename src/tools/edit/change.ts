/** One exact replacement in a text, and what to say when it cannot be made. */
import { AlephError } from "../../protocol/errors.ts";

export interface Change {
  readonly old_text: string;
  readonly new_text: string;
  readonly replace_all: boolean;
}

/** The file's name, and which of several changes it is (` of edit 2`). */
export interface ChangeSite {
  readonly name: string;
  readonly which: string;
}

/** Places that are named when there are too many, and lines that are shown of what nearly fits. */
const MAX_PLACES = 10;
const MAX_NEAR = 20;
/** Lines that are looked for loosely: more could take long in a file that repeats itself. */
const MAX_SOUGHT = 200;

/** Throws `invalid_params` when the old text is not there, or more than once where once is meant. */
export function replaceText(
  text: string,
  { old_text, new_text, replace_all }: Change,
  { name, which }: ChangeSite,
): { readonly text: string; readonly count: number } {
  // Models write line feeds; a file with Windows line ends keeps them.
  const crlf = text.includes("\r\n") && !text.includes(old_text);
  const from = crlf ? toCrlf(old_text) : old_text;
  const to = crlf ? toCrlf(new_text) : new_text;
  const pieces = text.split(from);
  const count = pieces.length - 1;
  if (count === 0) {
    throw new AlephError("invalid_params", `"old_text"${which} is not in "${name}"`, {
      data: { hint: nearHint(text, old_text) },
    });
  }
  if (count > 1 && !replace_all) {
    const places = linesOf(pieces, from);
    throw new AlephError("invalid_params", `"old_text"${which} is in "${name}" ${count} times, in lines ${places}`, {
      data: { hint: "Give more of the lines around it, or set replace_all" },
    });
  }
  return { text: pieces.join(to), count };
}

function linesOf(pieces: readonly string[], from: string): string {
  const lines: number[] = [];
  let line = 1;
  for (const piece of pieces.slice(0, -1)) {
    line += piece.split("\n").length - 1;
    lines.push(line);
    line += from.split("\n").length - 1;
  }
  const named = lines.slice(0, MAX_PLACES).join(", ");
  return lines.length > MAX_PLACES ? `${named}, …` : named;
}

/** What is there may differ in white space only: then the lines as they are help most. */
function nearHint(text: string, wanted: string): string {
  const lines = text.split(/\r?\n/);
  const near = findLoosely(lines, wanted.split(/\r?\n/));
  if (near === undefined) return "Read the file and copy the text exactly, with its white space";
  const { at, count } = near;
  const shown = lines.slice(at, at + Math.min(count, MAX_NEAR)).join("\n");
  return `Lines ${at + 1} to ${at + count} differ from it in white space only. They are:\n${shown}`;
}

function findLoosely(lines: readonly string[], wanted: readonly string[]): { at: number; count: number } | undefined {
  const loose = (line: string) => line.replace(/\s+/g, " ").trim();
  const first = wanted.findIndex((line) => loose(line) !== "");
  if (first < 0 || wanted.length > MAX_SOUGHT) return undefined;
  const needle = wanted.slice(first, wanted.findLastIndex((line) => loose(line) !== "") + 1).map(loose);
  const hay = lines.map(loose);
  for (let at = hay.indexOf(needle[0]!); at >= 0; at = hay.indexOf(needle[0]!, at + 1)) {
    if (needle.every((line, index) => hay[at + index] === line)) return { at, count: needle.length };
  }
  return undefined;
}

function toCrlf(text: string): string {
  return text.replace(/\r?\n/g, "\r\n");
}
