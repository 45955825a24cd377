/** Replaces exact pieces of text in a file of the workspace, all of them or none. */
import * as z from "zod";
import { judgeWrite } from "../../policy/judge-write.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import { type Change, replaceText } from "./change.ts";
import description from "./edit.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "open" | "write">;
}

const MAX_SIZE = 10 * 1024 * 1024;
const oldText = z.string().min(1);
const newText = z.string();
const replaceAll = z.boolean().optional();

export const edit = defineTool({
  name: "edit",
  description,
  params: z.strictObject({
    path: z.string().min(1).describe("the file, relative to the workspace"),
    old_text: oldText.optional(),
    new_text: newText.optional(),
    replace_all: replaceAll,
    edits: z
      .array(z.strictObject({ old_text: oldText, new_text: newText, replace_all: replaceAll }))
      .min(1)
      .max(100)
      .optional()
      .describe("several changes in place of one, in order; all or none is made"),
  }),
  parallel: false,
  async prepare({ files }: Needs, { path, ...input }, { workspace }) {
    const changes = changesOf(input);
    const { name } = await files.locate(workspace, path);
    const [only] = changes;
    return {
      ...judgeWrite([name], "Changes a file in the workspace"),
      plan: { path: name, ...(changes.length === 1 ? only : { edits: changes }) },
      async run() {
        let text = await readText(files, workspace, path);
        let count = 0;
        for (const [at, change] of changes.entries()) {
          const which = changes.length === 1 ? "" : ` of edit ${at + 1}`;
          const changed = replaceText(text, change, { name, which });
          text = changed.text;
          count += changed.count;
        }
        await files.write(workspace, path, text);
        return { ok: true, text: `Changed ${name} in ${count === 1 ? "one place" : `${count} places`}` };
      },
    };
  },
});

interface Input {
  readonly old_text?: string | undefined;
  readonly new_text?: string | undefined;
  readonly replace_all?: boolean | undefined;
  readonly edits?: readonly { old_text: string; new_text: string; replace_all?: boolean | undefined }[] | undefined;
}

/** Throws `invalid_params` when they say nothing, two things at once, or nothing new. */
function changesOf({ old_text, new_text, replace_all, edits }: Input): readonly Change[] {
  const isOne = old_text !== undefined || new_text !== undefined || replace_all !== undefined;
  if (edits && isOne) {
    throw new AlephError("invalid_params", 'Give either "old_text" and "new_text" or "edits", not both');
  }
  if (!edits && (old_text === undefined || new_text === undefined)) {
    throw new AlephError("invalid_params", '"old_text" and "new_text" are needed, or "edits"');
  }
  const changes = edits ?? [{ old_text: old_text!, new_text: new_text!, replace_all }];
  return changes.map(({ replace_all = false, ...change }, at) => {
    if (change.old_text !== change.new_text) return { ...change, replace_all };
    const where = edits ? ` in edit ${at + 1}` : "";
    throw new AlephError("invalid_params", `"old_text" and "new_text" are the same${where}`);
  });
}

async function readText(files: Needs["files"], workspace: string, path: string): Promise<string> {
  const { place, file } = await files.open(workspace, path);
  try {
    if ((place.stats?.size ?? 0) > MAX_SIZE) {
      throw new AlephError("payload_too_large", `"${place.name}" is larger than ${MAX_SIZE} bytes`);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.readFile());
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new AlephError("invalid_params", `"${place.name}" is not text in UTF-8`, { cause });
  } finally {
    await file.close();
  }
}
