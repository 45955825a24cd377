/** config.toml as text to a normalised document, or what is wrong with it. smol-toml is loaded here, on first use. */
import { indexToml, lineAt } from "../lib/toml-source.ts";
import type { Issue } from "../protocol/errors.ts";
import { MAX_DEPTH, normalise, normalisePath, type Table } from "./normalise.ts";
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
  const offsets = new Map<string, number>();
  for (const { path, start } of indexToml(text)) {
    // No problem lies deeper, and a hostile path would take for ever.
    if (path.length > MAX_DEPTH) continue;
    for (const spelled of [path, normalisePath(path)]) {
      for (let length = 1; length <= spelled.length; length++) {
        const id = JSON.stringify(spelled.slice(0, length));
        if (!offsets.has(id)) offsets.set(id, start);
      }
    }
  }
  return toIssues(problems, (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsets.get(JSON.stringify(path.slice(0, length)));
      if (offset !== undefined) return lineAt(text, offset);
    }
    return undefined;
  });
}
