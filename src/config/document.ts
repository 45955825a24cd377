/** config.toml as text to a normalised document, or what is wrong with it. */
import { parseToml } from "../lib/toml.ts";
import { indexToml, lineAt, type TomlEntry } from "../lib/toml-source.ts";
import type { Issue } from "../protocol/errors.ts";
import { MAX_DEPTH, normalise, type Path, type Table, toSnakeCase } from "./normalise.ts";
import { type Problem, toIssues } from "./problem.ts";

export interface ParsedDocument {
  /** Empty when the text is not TOML. */
  readonly document: Table;
  /** Complete with lines. Empty when the text can be validated. */
  readonly issues: readonly Issue[];
}

export async function parseDocument(text: string): Promise<ParsedDocument> {
  const parsed = await parseToml(text, { maxDepth: MAX_DEPTH });
  if ("fault" in parsed) return { document: {}, issues: toIssues([{ path: [], ...parsed.fault }]) };
  const { document, problems } = normalise(parsed.value);
  return { document, issues: problems.length === 0 ? [] : locate(problems, text) };
}

/** Adds to each problem the line of its key, or of the nearest table around it. Default: `text` is TOML. */
export function locate(
  problems: readonly Problem[],
  text: string,
  index: (text: string) => readonly Pick<TomlEntry, "path" | "start">[] = indexToml,
): Issue[] {
  let entries: readonly Pick<TomlEntry, "path" | "start">[] | undefined;
  return toIssues(problems, (path) => {
    if (path.length === 0) return undefined;
    // Not before: a document that was refused as a whole, for its depth, is not to be walked.
    entries ??= index(text);
    let best: { length: number; start: number } | undefined;
    for (const entry of entries) {
      const length = sharedLength(entry.path, path);
      if (length > (best?.length ?? 0)) best = { length, start: entry.start };
      if (length === path.length) break;
    }
    return best && lineAt(text, best.start);
  });
}

/** How many keys two paths share from the root; `path` may be as written or as normalised. */
function sharedLength(written: Path, path: Path): number {
  let length = 0;
  while (length < path.length && length < written.length && isSameKey(written[length]!, path[length]!)) length++;
  return length;
}

function isSameKey(written: string | number, key: string | number): boolean {
  if (written === key) return true;
  return typeof written === "string" && typeof key === "string" && key.includes("_") && toSnakeCase(written) === key;
}
