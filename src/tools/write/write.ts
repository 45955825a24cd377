/** Writes a whole file of the workspace. */
import * as z from "zod";
import { judgeWrite } from "../../policy/judge-write.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./write.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "write">;
}

export const write = defineTool({
  name: "write",
  description,
  params: z.strictObject({
    path: z.string().min(1).describe("the file, relative to the workspace"),
    content: z.string().describe("the whole new text"),
  }),
  parallel: false,
  async prepare({ files }: Needs, { path, content }, { workspace }) {
    const { name } = await files.locate(workspace, path);
    return {
      ...judgeWrite([name], "Writes a file in the workspace"),
      plan: { path: name, content },
      async run() {
        const { created } = await files.write(workspace, path, content);
        const size = Buffer.byteLength(content);
        return { ok: true, text: `${created ? "Created" : "Replaced"} ${name} (${size} bytes)` };
      },
    };
  },
});
