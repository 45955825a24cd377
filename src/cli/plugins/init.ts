/** `aleph plugins init`: a folder with a plugin that works, to be changed from there. */
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { nothingThere } from "../../lib/nothing-there.ts";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";

export const init = defineCommand({
  summary: "Begin a new plugin in a new folder",
  args: {
    path: { type: "positional", required: true, description: "folder to make; its name becomes the plugin's id" },
    kind: {
      type: "enum",
      options: ["nodejs", "wasm", "static"],
      description: "JavaScript or TypeScript, WebAssembly, or only texts",
      default: "nodejs",
    },
  },
  examples: [["aleph plugins init weather", "a plugin in TypeScript with one tool, in ./weather"]],
  async run(args, { terminal, program }) {
    const { SKELETON_KINDS, skeletonFiles } = await import("../../plugin/skeleton/skeleton.ts");
    const folder = resolve(args.path);
    const files = skeletonFiles(basename(folder), SKELETON_KINDS.find((kind) => kind === args.kind)!);
    if (await lstat(folder).catch(nothingThere)) {
      throw usageError(`${JSON.stringify(args.path)} exists already`, "Name a folder that is to be made");
    }
    for (const { path, content } of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content, { flag: "wx" });
    }
    terminal.err.write(`Made ${args.path}: ${files.map(({ path }) => path).join(", ")}\n`);
    terminal.err.write(`Try it: ${program} plugins install ${args.path}\n`);
  },
});
