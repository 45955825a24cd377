/** Puts the parts of a patch into a text. Lines must be there as the patch says; only white space may differ. */
import { AlephError } from "../../protocol/errors.ts";
import type { Hunk } from "./patch.ts";

/** How alike lines must be, strictest first: exactly, but for white space at the end, but for white space around. */
const LIKENESS: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
];
const MAX_SHOWN = 12;
const MAX_COMPARED = 20_000_000;

/** Throws `conflict` when a part fits nowhere. Lines that stay are kept as they are in the text. */
export function applyHunks(text: string, hunks: readonly Hunk[], name: string): string {
  const isCrlf = /\r\n/.test(text) && !/(?<!\r)\n/.test(text);
  const lines = text.split(isCrlf ? "\r\n" : "\n");
  const endsWithBreak = lines.at(-1) === "";
  if (endsWithBreak) lines.pop();
  let from = 0;
  const out: string[] = [];
  for (const [index, hunk] of hunks.entries()) {
    const at = placeOf(lines, hunk, from);
    if (at === undefined) throw nowhere(hunk, lines, { name, index, total: hunks.length });
    out.push(...lines.slice(from, at));
    from = at;
    for (const { kind, text } of hunk.lines) {
      if (kind === "add") out.push(text);
      else if (kind === "remove") from++;
      else out.push(lines[from++]!);
    }
  }
  out.push(...lines.slice(from));
  const isEmpty = out.length === 0;
  return isEmpty
    ? ""
    : out.join(isCrlf ? "\r\n" : "\n") + (endsWithBreak || text === "" ? (isCrlf ? "\r\n" : "\n") : "");
}

/** Where the part begins, at or behind `from`. */
function placeOf(lines: readonly string[], { anchors, lines: parts, near, atEnd }: Hunk, from: number) {
  let start: number | undefined = from;
  for (const anchor of anchors) {
    const found: number | undefined = findLines(lines, [anchor], start)[0];
    if (found === undefined) return undefined;
    start = found + 1;
  }
  const old = parts.filter(({ kind }) => kind !== "add").map(({ text }) => text);
  // Nothing but new lines: behind the anchor, at the line that is named, or at the end.
  if (old.length === 0) {
    if (anchors.length > 0) return start;
    return near === undefined || atEnd ? lines.length : Math.min(lines.length, Math.max(start, near));
  }
  // The anchor itself may be repeated as the first line.
  const places = findLines(lines, old, anchors.length > 0 ? Math.max(from, start - 1) : start);
  if (atEnd) {
    const last = places.find((place) => place + old.length === lines.length);
    if (last !== undefined) return last;
  }
  if (near === undefined) return places[0];
  return places.toSorted((a, b) => Math.abs(a + 1 - near) - Math.abs(b + 1 - near))[0];
}

/** All places of the strictest likeness that has any. */
function findLines(lines: readonly string[], wanted: readonly string[], from: number): number[] {
  for (const like of LIKENESS) {
    const sought = wanted.map(like);
    const hay = lines.map(like);
    const places: number[] = [];
    let compared = 0;
    for (let at = hay.indexOf(sought[0]!, from); at >= 0; at = hay.indexOf(sought[0]!, at + 1)) {
      let same = 1;
      while (same < sought.length && hay[at + same] === sought[same]) same++;
      if (same === sought.length) places.push(at);
      compared += same;
      // A file and a patch that repeat one line for ever would hold up everybody else.
      if (compared > MAX_COMPARED)
        throw new AlephError("invalid_params", "The file repeats itself too much for a patch");
    }
    if (places.length > 0) return places;
  }
  return [];
}

function nowhere(
  { anchors, lines: parts }: Hunk,
  lines: readonly string[],
  { name, index, total }: { readonly name: string; readonly index: number; readonly total: number },
): AlephError {
  const which = total === 1 ? "The change" : `Change ${index + 1} of ${total}`;
  const missing = anchors.find((anchor) => findLines(lines, [anchor], 0).length === 0);
  const old = parts.filter(({ kind }) => kind !== "add").map(({ text }) => text);
  const alone = old.find((line) => line.trim() !== "" && findLines(lines, [line], 0).length === 0);
  const why =
    missing !== undefined
      ? `the line "${missing.slice(0, 200)}" is not in it`
      : alone !== undefined
        ? `this line is not in it: "${alone.slice(0, 200)}"`
        : "its lines do not follow each other there, or not in the order of the patch";
  const shown = old.slice(0, MAX_SHOWN).join("\n");
  return new AlephError("conflict", `${which} does not fit "${name}": ${why}. Nothing was changed`, {
    data: { hint: `Read the file again; sought were the lines\n${shown}` },
  });
}
