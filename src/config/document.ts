/** config.toml as text to a normalised document, or what is wrong with it. smol-toml is loaded here, on first use. */
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
  const { parse, TomlError } = await import("smol-toml");
  let input: unknown;
  try {
    input = parse(text, { maxDepth: MAX_DEPTH, unsafeKeyBehaviour: "throw" });
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    // Only the first line of the message: the rest quotes the file, which may hold secrets.
    const reason = (thrown.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    const line = thrown instanceof TomlError ? { line: thrown.line } : {};
    return { document: {}, issues: toIssues([{ path: [], message: `Not valid TOML: ${reason}`, ...line }]) };
  }
  const { document, problems } = normalise(input);
  return { document, issues: problems.length === 0 ? [] : locate(problems, text) };
}

/** Adds to each problem the line of its key, or of the nearest table around it. */
export function locate(problems: readonly Problem[], text: string): Issue[] {
  let entries: readonly TomlEntry[] | undefined;
  return toIssues(problems, (path) => {
    if (path.length === 0) return undefined;
    // Not before: a document that was refused as a whole, for its depth, is not to be walked.
    entries ??= indexToml(text);
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
