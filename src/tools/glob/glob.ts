/** Finds files of the workspace by a pattern of their names. */
import * as z from "zod";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./glob.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate" | "walk">;
}

const MAX_FOUND = 1000;
const MAX_SEEN = 200_000;
const NOISE = [".git", "node_modules"];

export const glob = defineTool({
  name: "glob",
  description,
  params: z.strictObject({
    pattern: z.string().min(1).max(500).describe("for example **/*.md"),
    path: z.string().min(1).optional().describe("the folder to begin in, relative to the workspace"),
    hidden: z.boolean().optional(),
    no_ignore: z.boolean().optional(),
  }),
  parallel: true,
  async prepare({ files }: Needs, { pattern, path = ".", hidden = false, no_ignore = false }, { workspace, signal }) {
    const { name } = await files.locate(workspace, path);
    return {
      tier: "allow",
      reason: "Looks for files in the workspace",
      plan: { pattern, path: name, hidden, no_ignore },
      async run() {
        const matcher = new Bun.Glob(pattern.replace(/^\.\//, ""));
        const skip = new Set(NOISE.filter((folder) => !pattern.includes(folder)));
        // Whoever writes the dot means it.
        const skipHidden = !hidden && !/(?:^|[/{,])\./.test(pattern.replace(/^\.\//, ""));
        const found: string[] = [];
        let seen = 0;
        let more = false;
        for await (const file of files.walk(workspace, path, { signal, skip, skipHidden, skipIgnored: !no_ignore })) {
          const below = name === "." ? file : file.slice(name.length + 1);
          if (!matcher.match(below)) {
            if (++seen < MAX_SEEN) continue;
          } else if (found.length < MAX_FOUND) {
            found.push(file);
            continue;
          }
          more = true;
          break;
        }
        if (more) found.push("[there may be more; use a narrower pattern or path]");
        return { ok: true, text: found.length === 0 ? "No file matches" : found.join("\n") };
      },
    };
  },
});
