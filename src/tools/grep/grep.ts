/** Searches the text of files of the workspace, in linear time whatever the pattern. */
import * as z from "zod";
import { nearest } from "../../lib/nearest.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Files } from "../../sandbox/files.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./grep.md" with { type: "text" };
import { compilePattern } from "./matcher.ts";
import { search } from "./search.ts";
import { FILE_TYPES } from "./types.ts";

interface Needs {
  readonly files: Pick<Files, "locate" | "open" | "walk">;
}

const DEFAULT_LIMIT = 250;
/** A match over lines is looked for in all of a file at once. */
const MAX_MULTILINE = 512 * 1024;
const context = z.int().min(0).max(50).optional();

export const grep = defineTool({
  name: "grep",
  description,
  params: z.strictObject({
    pattern: z.string().min(1).max(1000).describe("a regular expression"),
    path: z.string().min(1).optional().describe("a folder or file, relative to the workspace"),
    glob: z.string().min(1).max(500).optional().describe("only paths that match, such as **/*.ts"),
    type: z.string().min(1).max(20).optional().describe("a kind of file: ts, py, md, …"),
    output: z.enum(["lines", "files", "count"]).optional().describe("lines (default), names of files, or counts"),
    ignore_case: z.boolean().optional(),
    literal: z.boolean().optional().describe("the pattern is plain text"),
    word: z.boolean().optional(),
    multiline: z.boolean().optional().describe("a match may go over the ends of lines"),
    context: context.describe("lines before and after each hit"),
    before: context,
    after: context,
    hidden: z.boolean().optional(),
    no_ignore: z.boolean().optional(),
    limit: z.int().min(1).max(1000).optional().describe("most lines or files to show"),
  }),
  parallel: true,
  async prepare({ files }: Needs, input, { workspace, signal }) {
    const { pattern, path = ".", glob, type, output = "lines", limit = DEFAULT_LIMIT } = input;
    const { ignore_case = false, literal = false, word = false, multiline = false } = input;
    const { hidden = false, no_ignore = false } = input;
    const { name } = await files.locate(workspace, path);
    const find = await compilePattern({ pattern, ignoreCase: ignore_case, literal, word, multiline });
    const before = input.before ?? input.context ?? 0;
    const after = input.after ?? input.context ?? 0;
    const wanted = filterOf(glob, type);
    const plan = { ...input, path: name };
    return {
      tier: "allow",
      reason: "Searches files in the workspace",
      plan,
      run: () =>
        search(files, {
          workspace,
          path,
          name,
          wanted,
          find,
          output,
          before,
          after,
          limit,
          maxBytes: multiline ? MAX_MULTILINE : undefined,
          // Whoever writes the dot means it.
          hidden: hidden || (glob !== undefined && /(?:^|[/{,])\.(?!\/)/.test(glob)),
          noIgnore: no_ignore,
          signal,
        }),
    };
  },
});

/** Throws `invalid_params` for a kind of file that is not known. */
function filterOf(pattern: string | undefined, type: string | undefined): (below: string) => boolean {
  const glob = pattern === undefined ? undefined : new Bun.Glob(pattern.replace(/^\.\//, ""));
  const endings = type === undefined ? undefined : endingsOf(type).map((each) => new Bun.Glob(each));
  return (below) => {
    const base = below.slice(below.lastIndexOf("/") + 1);
    if (glob && !glob.match(below) && !glob.match(base)) return false;
    return endings === undefined || endings.some((ending) => ending.match(base));
  };
}

function endingsOf(type: string): readonly string[] {
  const endings = Object.hasOwn(FILE_TYPES, type) ? FILE_TYPES[type] : undefined;
  if (endings) return endings;
  const near = nearest(type, Object.keys(FILE_TYPES));
  throw new AlephError("invalid_params", `"type" is not a known kind of file: "${type}"`, {
    data: { hint: near === undefined ? "Use glob, for example *.xyz" : `Did you mean "${near}"? Otherwise use glob` },
  });
}
