/** Reads a patch: the form with `*** Begin Patch`, or a unified diff as Git and diff write it. */

import { parseUnified } from "./parse-unified.ts";
import { type FileChange, type Hunk, type HunkLine, PatchFault } from "./patch.ts";

const BEGIN = "*** Begin Patch";
const END = "*** End Patch";
const ADD = "*** Add File: ";
const DELETE = "*** Delete File: ";
const UPDATE = "*** Update File: ";
const MOVE = "*** Move to: ";
const END_OF_FILE = "*** End of File";

/** Throws `PatchFault`. */
export function parsePatch(text: string): readonly FileChange[] {
  const lines = withoutFence(text.split(/\r?\n/));
  const begin = lines.findIndex((line) => line.trim() === BEGIN);
  if (begin < 0) {
    const bare = lines.some((line) => [ADD, DELETE, UPDATE].some((mark) => line.startsWith(mark)));
    return bare ? new PatchReader(lines, 0, lines.length).read() : parseUnified(lines);
  }
  const end = lines.findLastIndex((line) => line.trim() === END);
  if (end < begin) throw new PatchFault(lines.length, `"${END}" is missing`);
  return new PatchReader(lines, begin + 1, end).read();
}

/** Some models put a patch between the marks of a block of code. */
function withoutFence(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  const last = lines.findLastIndex((line) => line.trim() !== "");
  const isFenced = first >= 0 && last > first && /^```\w*$/.test(lines[first]!.trim()) && lines[last]!.trim() === "```";
  // The places of lines stay what they are.
  return isFenced ? lines.map((line, at) => (at === first || at === last ? "" : line)) : lines;
}

class PatchReader {
  readonly #lines: readonly string[];
  readonly #end: number;
  #at: number;

  constructor(lines: readonly string[], begin: number, end: number) {
    this.#lines = lines;
    this.#at = begin;
    this.#end = end;
  }

  read(): readonly FileChange[] {
    const changes: FileChange[] = [];
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (line.startsWith(ADD)) changes.push(this.#add(pathIn(line, ADD, this.#at)));
      else if (line.startsWith(DELETE)) {
        changes.push({ kind: "delete", path: pathIn(line, DELETE, this.#at) });
        this.#at++;
      } else if (line.startsWith(UPDATE)) changes.push(this.#update(pathIn(line, UPDATE, this.#at)));
      else if (line.trim() === "") this.#at++;
      else {
        throw new PatchFault(
          this.#at + 1,
          `"${line.slice(0, 80)}" is no part of a patch; a file begins with "${UPDATE.trim()}", "${ADD.trim()}" or "${DELETE.trim()}"`,
        );
      }
    }
    return changes;
  }

  #add(path: string): FileChange {
    const text: string[] = [];
    this.#at++;
    for (let line = this.#peek(); line !== undefined && !line.startsWith("*** "); line = this.#peek()) {
      if (!line.startsWith("+")) {
        // An empty line between two files.
        if (line.trim() === "" && this.#isBlankToNext()) {
          this.#at++;
          continue;
        }
        throw new PatchFault(this.#at + 1, `Each line of a new file begins with "+"`);
      }
      text.push(line.slice(1));
      this.#at++;
    }
    return { kind: "add", path, text: text.length === 0 ? "" : `${text.join("\n")}\n` };
  }

  #update(path: string): FileChange {
    const began = ++this.#at;
    let movedTo: string | undefined;
    const first = this.#peek();
    if (first?.startsWith(MOVE)) {
      movedTo = pathIn(first, MOVE, this.#at);
      this.#at++;
    }
    const hunks: Hunk[] = [];
    for (let line = this.#peek(); line !== undefined && !isFileMark(line); line = this.#peek()) {
      if (line.trim() === "" && this.#isBlankToNext()) this.#at++;
      else hunks.push(this.#hunk());
    }
    if (hunks.length === 0 && movedTo === undefined) throw new PatchFault(began, `Nothing is changed in "${path}"`);
    return { kind: "update", path, hunks, ...(movedTo === undefined ? {} : { movedTo }) };
  }

  #hunk(): Hunk {
    const began = this.#at + 1;
    const anchors: string[] = [];
    for (let line = this.#peek(); line?.startsWith("@@"); line = this.#peek()) {
      // Some write the numbers of a unified diff here; they are of no use, the lines are.
      const anchor = line.replace(/^@@(?: -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)?/, "").trim();
      if (anchor !== "" && anchor !== "@@") anchors.push(anchor);
      this.#at++;
    }
    const lines: HunkLine[] = [];
    let atEnd = false;
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (line.trim() === END_OF_FILE) {
        atEnd = true;
        this.#at++;
        break;
      }
      if (line.startsWith("@@") || isFileMark(line)) break;
      if (line.trim() === "" && this.#isBlankToNext()) break;
      lines.push(hunkLine(line, this.#at));
      this.#at++;
    }
    if (!lines.some(({ kind }) => kind !== "keep")) throw new PatchFault(began, "A part changes nothing");
    return { anchors, lines, atEnd };
  }

  #peek(): string | undefined {
    return this.#at < this.#end ? this.#lines[this.#at] : undefined;
  }

  /** Whether only empty lines stand between here and the next file or the end. */
  #isBlankToNext(): boolean {
    const next = this.#lines.slice(this.#at, this.#end).find((line) => line.trim() !== "");
    return next === undefined || isFileMark(next);
  }
}

/** An empty line stands for an empty line that stays: its space at the beginning is easily lost. */
export function hunkLine(line: string, at: number): HunkLine {
  const [mark, text] = [line.slice(0, 1), line.slice(1)];
  if (mark === "+") return { kind: "add", text };
  if (mark === "-") return { kind: "remove", text };
  if (mark === " " || mark === "") return { kind: "keep", text };
  throw new PatchFault(at + 1, `Each line of a change begins with " ", "+" or "-", not with "${mark}"`);
}

function isFileMark(line: string): boolean {
  return [ADD, DELETE, UPDATE].some((mark) => line.startsWith(mark));
}

function pathIn(line: string, mark: string, at: number): string {
  const path = line.slice(mark.length).trim();
  if (path === "") throw new PatchFault(at + 1, "A path is missing");
  return path;
}
