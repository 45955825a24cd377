/** Replaces one exact piece of text in a file of the workspace. */
import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./edit.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "open" | "write">;
}

interface Change {
  readonly old_text: string;
  readonly new_text: string;
  readonly replace_all: boolean;
}

const MAX_SIZE = 10 * 1024 * 1024;

export const edit = defineTool({
  name: "edit",
  description,
  params: z.strictObject({
    path: z.string().min(1).describe("the file, relative to the workspace"),
    old_text: z.string().min(1).describe("the text to replace, exactly as it is in the file"),
    new_text: z.string().describe("what comes in its place"),
    replace_all: z.boolean().optional().describe("replace every place instead of exactly one"),
  }),
  parallel: false,
  async prepare({ files }: Needs, { path, old_text, new_text, replace_all = false }, { workspace }) {
    if (old_text === new_text) throw new AlephError("invalid_params", '"old_text" and "new_text" are the same');
    const { name } = await files.locate(workspace, path);
    const change: Change = { old_text, new_text, replace_all };
    return {
      tier: "allow",
      reason: "Changes a file in the workspace",
      plan: { path: name, ...change },
      async run() {
        const { text, count } = replaceText(await readText(files, workspace, path), change, name);
        await files.write(workspace, path, text);
        return { ok: true, text: `Changed ${name} in ${count === 1 ? "one place" : `${count} places`}` };
      },
    };
  },
});

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

function replaceText(text: string, { old_text, new_text, replace_all }: Change, name: string) {
  // Models write line feeds; a file with Windows line ends keeps them.
  const crlf = text.includes("\r\n") && !text.includes(old_text);
  const from = crlf ? toCrlf(old_text) : old_text;
  const to = crlf ? toCrlf(new_text) : new_text;
  const pieces = text.split(from);
  const count = pieces.length - 1;
  if (count === 0) {
    throw new AlephError("invalid_params", `"old_text" is not in "${name}"`, {
      data: { hint: "Read the file and copy the text exactly, with its white space" },
    });
  }
  if (count > 1 && !replace_all) {
    throw new AlephError("invalid_params", `"old_text" is in "${name}" ${count} times`, {
      data: { hint: "Give more of the lines around it, or set replace_all" },
    });
  }
  return { text: pieces.join(to), count };
}

function toCrlf(text: string): string {
  return text.replace(/\r?\n/g, "\r\n");
}
