/** A patch as data: what becomes of which file. Both forms that models write are read into it. */

export interface Hunk {
  /** Lines that stand above the place, such as the head of a function; looked for in order before the hunk. */
  readonly anchors: readonly string[];
  readonly lines: readonly HunkLine[];
  /** The line, from 1, at which it should begin; a hint where the same lines stand in several places. */
  readonly near?: number;
  /** Whether it is about the end of the file. */
  readonly atEnd: boolean;
}

export interface HunkLine {
  readonly kind: "keep" | "remove" | "add";
  readonly text: string;
}

export type FileChange =
  | { readonly kind: "add"; readonly path: string; readonly text: string }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "update"; readonly path: string; readonly movedTo?: string; readonly hunks: readonly Hunk[] };

/** What is wrong with a patch, and in which of its lines (from 1). */
export class PatchFault extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}
