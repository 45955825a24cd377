/** Lists a folder of the workspace. */
import * as z from "zod";
import type { Entry, Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./list.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "list">;
}

const MAX_ENTRIES = 1000;

export const list = defineTool({
  name: "list",
  description,
  params: z.strictObject({ path: z.string().min(1).optional().describe("the folder, relative to the workspace") }),
  parallel: true,
  async prepare({ files }: Needs, { path = "." }, { workspace }) {
    const { name } = await files.locate(workspace, path);
    return {
      tier: "allow",
      reason: "Lists a folder in the workspace",
      plan: { path: name },
      async run() {
        const entries = await files.list(workspace, path);
        if (entries.length === 0) return { ok: true, text: "[the folder is empty]" };
        const lines = entries.slice(0, MAX_ENTRIES).map(describe);
        if (entries.length > MAX_ENTRIES) lines.push(`[${entries.length - MAX_ENTRIES} more entries left out]`);
        return { ok: true, text: lines.join("\n") };
      },
    };
  },
});

function describe({ name, kind, size }: Entry): string {
  if (kind === "folder") return `${name}/`;
  return kind === "file" ? `${name} (${size} bytes)` : `${name} (${kind})`;
}
