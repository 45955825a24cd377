/** The rules of one `.gitignore`: what it says about a path below its folder. The last rule that matches counts. */

export type IgnoreVerdict = "ignored" | "wanted" | undefined;

export interface IgnoreRules {
  /** `path` is below the folder of the rules, with `/`. */
  verdict(path: string, isFolder: boolean): IgnoreVerdict;
}

interface Rule {
  readonly matches: (path: string) => boolean;
  readonly verdict: "ignored" | "wanted";
  readonly foldersOnly: boolean;
}

/** More lines than anyone writes are an attack on whoever reads them. */
const MAX_RULES = 10_000;

/** As gitignore(5) has it. A line that is no pattern is passed over. */
export function parseIgnoreRules(text: string): IgnoreRules {
  const rules = text.split("\n").slice(0, MAX_RULES).flatMap(parseRule);
  return {
    verdict(path, isFolder) {
      const rule = rules.findLast(({ matches, foldersOnly }) => (isFolder || !foldersOnly) && matches(path));
      return rule?.verdict;
    },
  };
}

function parseRule(line: string): Rule[] {
  // Spaces at the end count only behind a backslash.
  let pattern = line.replace(/\r$/, "").replace(/(?<!\\)[ \t]+$/, "");
  if (pattern === "" || pattern.startsWith("#")) return [];
  const isWanted = pattern.startsWith("!");
  if (isWanted) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith("/");
  if (foldersOnly) pattern = pattern.slice(0, -1);
  // With a slash before its end it is meant from here, without one it is meant at any depth.
  const isAnchored = pattern.includes("/");
  pattern = pattern.replace(/^\//, "");
  if (pattern === "") return [];
  const glob = new Bun.Glob(toGlob(isAnchored ? pattern : `**/${pattern}`));
  return [{ matches: (path) => glob.match(path), verdict: isWanted ? "wanted" : "ignored", foldersOnly }];
}

/** Braces and a leading `!` mean something to `Bun.Glob` and nothing to Git. */
function toGlob(pattern: string): string {
  return pattern
    .replace(/\\(.)|[{}]/g, (found, escaped: string | undefined) =>
      escaped === undefined ? `\\${found}` : `\\${escaped}`,
    )
    .replace(/^!/, "\\!");
}
