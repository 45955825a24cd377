/** Reads a unified diff: `---`, `+++` and `@@ -1,3 +1,4 @@`, with Git's lines about new, deleted and renamed files. */
import { type FileChange, type Hunk, type HunkLine, PatchFault } from "./patch.ts";

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const NOTHING = "/dev/null";

/** Throws `PatchFault`. */
export function parseUnified(lines: readonly string[]): readonly FileChange[] {
  const changes: FileChange[] = [];
  for (let at = 0; at < lines.length; ) {
    const file = readHead(lines, at);
    if (file === undefined) {
      at++;
      continue;
    }
    const { hunks, next } = readHunks(lines, file.next);
    changes.push(changeOf(file, hunks));
    at = next;
  }
  if (changes.length > 0) return changes;
  throw new PatchFault(1, 'This is no patch: it has neither "*** Begin Patch" nor lines with "---" and "+++"');
}

interface Head {
  /** Nothing for a file that was not there. */
  readonly from: string | undefined;
  /** Nothing for a file that goes. */
  readonly to: string | undefined;
  /** Where it stands, and where its parts begin. */
  readonly at: number;
  readonly next: number;
}

/** Nothing when no file begins here. */
function readHead(lines: readonly string[], at: number): Head | undefined {
  const [line, after] = [lines[at]!, lines[at + 1]];
  if (line.startsWith("--- ") && after?.startsWith("+++ ")) {
    return { from: pathOf(line), to: pathOf(after), at, next: at + 2 };
  }
  // A rename without changes, and a file without lines, have no such lines.
  if (!line.startsWith("diff --git ")) return undefined;
  const end = lines.findIndex((each, index) => index > at && /^(?:diff --git |--- |@@ )/.test(each));
  const about = lines.slice(at + 1, end < 0 ? lines.length : end);
  if (end >= 0 && lines[end]!.startsWith("--- ")) return undefined;
  if (about.some((each) => /^(?:GIT binary patch|Binary files )/.test(each))) {
    throw new PatchFault(at + 1, "A patch of binary files cannot be applied");
  }
  const valueBehind = (mark: string) => about.find((each) => each.startsWith(mark))?.slice(mark.length);
  const [from, to] = [valueBehind("rename from "), valueBehind("rename to ")];
  if (from !== undefined && to !== undefined) return { from, to, at, next: at + 1 + about.length };
  const path = /^diff --git a\/(.*) b\/\1$/.exec(line)?.[1];
  if (path === undefined) return undefined;
  if (valueBehind("new file mode") !== undefined) return { from: undefined, to: path, at, next: at + 1 + about.length };
  if (valueBehind("deleted file mode") !== undefined)
    return { from: path, to: undefined, at, next: at + 1 + about.length };
  return undefined;
}

/** `--- a/src/x.ts<tab>2026-01-01`; nothing for `/dev/null`. */
function pathOf(line: string): string | undefined {
  const path = line
    .slice(4)
    .split("\t")[0]!
    .trim()
    .replace(/^"(.*)"$/, "$1");
  return path === NOTHING ? undefined : path.replace(/^[ab]\//, "");
}

function readHunks(lines: readonly string[], from: number): { readonly hunks: readonly Hunk[]; readonly next: number } {
  const hunks: Hunk[] = [];
  let at = from;
  for (let head = HUNK.exec(lines[at] ?? ""); head; head = HUNK.exec(lines[at] ?? "")) {
    const near = Number(head[1]);
    const counts = { old: Number(head[2] ?? 1), fresh: Number(head[3] ?? 1) };
    const read = readHunk(lines, at + 1, counts);
    hunks.push({ anchors: [], lines: read.lines, near: Math.max(1, near), atEnd: read.atEnd });
    at = read.next;
  }
  return { hunks, next: at };
}

/** As many lines as its head says; a head that counts wrong, as models do, is put right by where the part ends. */
function readHunk(
  lines: readonly string[],
  from: number,
  { old, fresh }: { readonly old: number; readonly fresh: number },
): { readonly lines: readonly HunkLine[]; readonly atEnd: boolean; readonly next: number } {
  const read: HunkLine[] = [];
  let [left, right] = [old, fresh];
  let atEnd = false;
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at]!;
    const isOver = left <= 0 && right <= 0;
    if (line.startsWith("\\")) {
      atEnd = true;
      continue;
    }
    if (/^(?:@@ |diff --git )/.test(line) || (line.startsWith("--- ") && lines[at + 1]?.startsWith("+++ "))) break;
    if (isOver && !/^[ +-]/.test(line)) break;
    const kind = { "+": "add", "-": "remove", " ": "keep", "": "keep" }[line.slice(0, 1)] as
      | HunkLine["kind"]
      | undefined;
    if (kind === undefined) break;
    // An empty line at the end of all is the end of the text, not of the file.
    if (line === "" && lines.slice(at).every((each) => each.trim() === "")) break;
    read.push({ kind, text: line.slice(1) });
    if (kind !== "add") left--;
    if (kind !== "remove") right--;
  }
  if (!read.some(({ kind }) => kind !== "keep")) throw new PatchFault(from, "A part changes nothing");
  return { lines: read, atEnd, next: at };
}

function changeOf({ from, to, at }: Head, hunks: readonly Hunk[]): FileChange {
  if (from === undefined && to === undefined) throw new PatchFault(at + 1, "Both files of a change are /dev/null");
  if (from === undefined) {
    const added = hunks.flatMap(({ lines }) => lines.filter(({ kind }) => kind === "add"));
    const ends = hunks.at(-1)?.atEnd ? "" : "\n";
    const text = added.length === 0 ? "" : added.map((line) => line.text).join("\n") + ends;
    return { kind: "add", path: to!, text };
  }
  if (to === undefined) return { kind: "delete", path: from };
  if (hunks.length === 0 && from === to) throw new PatchFault(at + 1, `Nothing is changed in "${from}"`);
  return { kind: "update", path: from, hunks, ...(from === to ? {} : { movedTo: to }) };
}
