/** What a call changes in files, told by its arguments; and text that is a diff already. */
import { diffLines } from "../../lib/text-diff.ts";
import type { ToolBlock } from "../state/answer.ts";

export interface DiffLine {
  readonly kind: "same" | "removed" | "added" | "place";
  /** Without its end. */
  readonly text: string;
}

export interface FileChange {
  readonly path: string;
  readonly lines: readonly DiffLine[];
}

/** A call that gives old and new text, whole new text, or a patch, whatever tool it is; undefined for all others. */
export function changesOf({ args }: Pick<ToolBlock, "args">): readonly FileChange[] | undefined {
  if (typeof args !== "object" || args === null) return undefined;
  const values = args as Readonly<Record<string, unknown>>;
  if (typeof values.patch === "string") return patchOf(values.patch);
  const { path } = values;
  if (typeof path !== "string") return undefined;
  const edits = Array.isArray(values.edits) ? (values.edits as unknown[]) : [values];
  const lines = edits.map(editOf);
  if (lines.every((edit) => edit !== undefined)) {
    const [first = [], ...others] = lines;
    return [{ path, lines: [first, ...others.map((edit) => [PLACE, ...edit])].flat() }];
  }
  if (typeof values.content !== "string" || Object.keys(values).length > 2) return undefined;
  return [{ path, lines: linesOf(values.content, "added") }];
}

/** Between pieces of one file that are not beside each other. */
const PLACE: DiffLine = { kind: "place", text: "" };

function editOf(edit: unknown): readonly DiffLine[] | undefined {
  const { old_text: before, new_text: after } = (edit ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof before !== "string" || typeof after !== "string") return undefined;
  return diffLines(before, after).flatMap(({ kind, text }) => linesOf(text, kind));
}

function linesOf(text: string, kind: DiffLine["kind"]): DiffLine[] {
  return text
    .replace(/\r?\n$/, "")
    .split(/\r?\n/)
    .map((line) => ({ kind, text: line }));
}

/** A patch of either form: files begin with `*** Add File: name` or `+++ b/name`. */
function patchOf(patch: string): readonly FileChange[] | undefined {
  const files: { path: string; lines: DiffLine[] }[] = [];
  for (const line of patch.split(/\r?\n/)) {
    const named = /^(?:\*\*\* (?:Add|Update|Delete) File: |\+\+\+ (?:b\/)?)(.+)$/.exec(line)?.[1];
    if (named !== undefined) files.push({ path: named, lines: [] });
    else if (!/^(?:\*\*\* |--- |diff |index )/.test(line)) {
      const last = files.at(-1);
      if (last && (line !== "" || last.lines.length > 0)) last.lines.push(patchLine(line));
    }
  }
  return files.length === 0 ? undefined : files;
}

function patchLine(line: string): DiffLine {
  if (line.startsWith("@@")) return { kind: "place", text: line };
  if (line.startsWith("+")) return { kind: "added", text: line.slice(1) };
  if (line.startsWith("-")) return { kind: "removed", text: line.slice(1) };
  return { kind: "same", text: line.replace(/^ /, "") };
}

/** Output that is a unified diff, as of `git diff`; undefined for all others. */
export function diffIn(text: string): readonly FileChange[] | undefined {
  return /^--- .+\n\+\+\+ .+\n@@ /m.test(text) ? patchOf(text) : undefined;
}

export function countsOf(changes: readonly FileChange[]): { readonly added: number; readonly removed: number } {
  const count = (kind: DiffLine["kind"]) =>
    changes.reduce((sum, { lines }) => sum + lines.filter((line) => line.kind === kind).length, 0);
  return { added: count("added"), removed: count("removed") };
}
