/** Writes and removes several files; when one of them cannot be, those before it are put back. */
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";

export interface Before {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

export interface Step {
  /** `before` is what is replaced; without it the file is new. */
  readonly write?: { readonly path: string; readonly text: string; readonly mode?: number; readonly before?: Before };
  readonly remove?: Before;
}

type Doer = Pick<Files, "write" | "remove">;

/** All files are written before any is removed. Throws what failed, when all is as it was, or says what is not. */
export async function takeSteps(files: Doer, workspace: string, steps: readonly Step[]): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const { write } of steps) {
      if (!write) continue;
      const { path, text, mode, before } = write;
      await files.write(workspace, path, text, mode === undefined ? {} : { mode });
      undo.push(() => (before ? files.write(workspace, path, before.bytes) : files.remove(workspace, path)));
    }
    for (const { remove } of steps) {
      if (!remove) continue;
      await files.remove(workspace, remove.path);
      undo.push(() => files.write(workspace, remove.path, remove.bytes, { mode: remove.mode }));
    }
  } catch (thrown) {
    await putBack(undo, thrown);
    throw thrown;
  }
}

async function putBack(undo: readonly (() => Promise<unknown>)[], cause: unknown): Promise<void> {
  const ended = await Promise.allSettled(undo.toReversed().map((each) => each()));
  const failed = ended.filter(({ status }) => status === "rejected").length;
  if (failed === 0) return;
  const { reason, message } = AlephError.from(cause);
  throw new AlephError(reason, `${message}; ${failed} of the files changed before that could not be put back`, {
    cause,
  });
}
