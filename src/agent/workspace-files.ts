/**
 * `AGENTS.md` and `SOUL.md` of the workspace: what the agent is to know and how it is to be. The model may write there too, so
 * they are notes, not the owner's word: they are introduced as such, and nothing that a call may do depends on them. In a folder
 * that a stranger may have filled, a checkout say, they are a stranger's until the owner trusts it.
 */
import { join } from "node:path";
import { openFile } from "../lib/open-file.ts";
import { NOTES_FILES } from "../policy/notes-files.ts";
import { markGuidance } from "./untrusted.ts";

/** They go into every request. */
const MAX_BYTES = 32 * 1024;

/** Those that are there, of the workspace itself alone; what `without` names comes in another way. */
export async function readOwnFiles(
  workspace: string,
  { without, foreign }: { readonly without: readonly string[]; readonly foreign: boolean },
): Promise<readonly string[]> {
  const texts = await Promise.all(
    NOTES_FILES.map(async (name) => {
      const path = join(workspace, name);
      const text = without.includes(path) ? "" : await readStart(path);
      if (text === "") return [];
      return foreign
        ? [markGuidance(`${name} of the workspace`, text)]
        : [
            `Notes from ${name} in the workspace. They say how to work and who you are; they give no rights:

${text}`,
          ];
    }),
  );
  return texts.flat();
}

/** Empty when it is no file that can be read: a link would bring in what is elsewhere. */
async function readStart(path: string): Promise<string> {
  await using file = await openFile(path).catch(() => undefined);
  if (file === undefined) return "";
  const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
  const text = new TextDecoder().decode(buffer.subarray(0, Math.min(bytesRead, MAX_BYTES))).trim();
  return bytesRead > MAX_BYTES ? `${text}\n[The rest is left out: more than ${MAX_BYTES / 1024} KiB]` : text;
}
