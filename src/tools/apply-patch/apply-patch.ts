/** Changes, adds, moves and deletes files of the workspace as a patch says: all of it or nothing. */
import * as z from "zod";
import { judgeWrite } from "../../policy/judge-write.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import { applyHunks } from "./apply-hunks.ts";
import description from "./apply-patch.md" with { type: "text" };
import { parsePatch } from "./parse-patch.ts";
import { type FileChange, PatchFault } from "./patch.ts";
import { type Step, takeSteps } from "./steps.ts";

interface Needs {
  readonly files: Pick<Files, "locate" | "open" | "write" | "remove">;
}

const MAX_PATCH = 2 * 1024 * 1024;
const MAX_FILES = 200;
const MAX_SIZE = 10 * 1024 * 1024;

export const applyPatch = defineTool({
  name: "apply_patch",
  description,
  params: z.strictObject({
    patch: z.string().min(1).max(MAX_PATCH).describe("from *** Begin Patch to *** End Patch, or a unified diff"),
  }),
  parallel: false,
  async prepare({ files }: Needs, { patch }, { workspace }) {
    const changes = parse(patch);
    const names = new Map<string, string>();
    for (const path of changes.flatMap(pathsOf)) names.set(path, (await files.locate(workspace, path)).name);
    assertApart(changes, names);
    return {
      ...judgeWrite([...names.values()], "Changes files in the workspace"),
      plan: { files: changes.map((change) => summaryOf(change, names)), patch },
      async run() {
        const steps: Step[] = [];
        // Everything is worked out before anything is written.
        for (const change of changes) steps.push(await stepOf(files, workspace, change));
        await takeSteps(files, workspace, steps);
        return { ok: true, text: changes.map((change) => `${summaryOf(change, names)}`).join("\n") };
      },
    };
  },
});

function parse(patch: string): readonly FileChange[] {
  let changes: readonly FileChange[];
  try {
    changes = parsePatch(patch);
  } catch (thrown) {
    if (!(thrown instanceof PatchFault)) throw thrown;
    throw new AlephError("invalid_params", `Line ${thrown.line} of the patch cannot be read: ${thrown.message}`);
  }
  if (changes.length === 0) throw new AlephError("invalid_params", "The patch changes no file");
  if (changes.length <= MAX_FILES) return changes;
  throw new AlephError("invalid_params", `The patch is about ${changes.length} files; at most ${MAX_FILES} are taken`);
}

function pathsOf(change: FileChange): readonly string[] {
  return change.kind === "update" && change.movedTo !== undefined ? [change.path, change.movedTo] : [change.path];
}

/** Each file is changed once: two changes of one would each begin from what is there now. */
function assertApart(changes: readonly FileChange[], names: ReadonlyMap<string, string>): void {
  const seen = new Set<string>();
  for (const path of changes.flatMap(pathsOf)) {
    const name = names.get(path)!;
    if (!seen.has(name)) seen.add(name);
    else throw new AlephError("invalid_params", `"${name}" stands in the patch more than once`);
  }
}

function summaryOf(change: FileChange, names: ReadonlyMap<string, string>): string {
  const name = names.get(change.path);
  if (change.kind === "add") return `A ${name}`;
  if (change.kind === "delete") return `D ${name}`;
  return change.movedTo === undefined ? `M ${name}` : `M ${name} -> ${names.get(change.movedTo)}`;
}

async function stepOf(files: Needs["files"], workspace: string, change: FileChange): Promise<Step> {
  const { path } = change;
  if (change.kind === "add") {
    await assertFree(files, workspace, path);
    return { write: { path, text: change.text } };
  }
  const { text, bytes, mode } = await readFile(files, workspace, path, change.kind === "update");
  const before = { path, bytes, mode };
  if (change.kind === "delete") return { remove: before };
  const fresh = applyHunks(text, change.hunks, path);
  if (change.movedTo === undefined) return { write: { path, text: fresh, before } };
  await assertFree(files, workspace, change.movedTo);
  return { write: { path: change.movedTo, text: fresh, mode }, remove: before };
}

async function assertFree(files: Needs["files"], workspace: string, path: string): Promise<void> {
  const { stats, name } = await files.locate(workspace, path);
  if (!stats) return;
  throw new AlephError("conflict", `"${name}" exists already. Nothing was changed`, {
    data: { hint: "Use *** Update File to change it" },
  });
}

async function readFile(files: Needs["files"], workspace: string, path: string, isText: boolean) {
  const { place, file } = await files.open(workspace, path);
  try {
    const { size = 0, mode = 0 } = place.stats ?? {};
    if (size > MAX_SIZE) {
      throw new AlephError("payload_too_large", `"${place.name}" is larger than ${MAX_SIZE} bytes`);
    }
    const bytes = new Uint8Array(await file.readFile());
    const text = isText ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) : "";
    return { text, bytes, mode: mode & 0o777 };
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new AlephError("invalid_params", `"${place.name}" is not text in UTF-8`, { cause });
  } finally {
    await file.close();
  }
}
