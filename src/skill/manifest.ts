/** `SKILL.md` in the form of Agent Skills (agentskills.io): a frontmatter that says what it is for, and the text itself. */
import { readFrontmatter } from "../lib/frontmatter.ts";
import { nearest } from "../lib/nearest.ts";
import { printableLine } from "../lib/terminal-text.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";

export const SKILL_FILE = "SKILL.md";

export interface SkillManifest {
  /** As its folder is called: small letters, digits and single hyphens. */
  readonly name: string;
  /** What it does and when to use it; one line. */
  readonly description: string;
  readonly license: string | undefined;
  readonly compatibility: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of our tools, as far as they are known by another name elsewhere; undefined: it does not narrow them. */
  readonly allowedTools: readonly string[] | undefined;
}

export interface ParsedSkill {
  readonly manifest: SkillManifest;
  readonly text: string;
}

const KEYS = ["name", "description", "license", "compatibility", "metadata", "allowed-tools"];
const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** What other agents call tools that we have. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  bash: "exec",
  shell: "exec",
  multiedit: "edit",
  ls: "list",
  webfetch: "web_fetch",
  websearch: "web_search",
  todowrite: "todo",
  task: "agent_spawn",
};

/** Throws `plugin_error` with all that is wrong, each with its line. `folder` is the name that its folder has. */
export function parseSkill(source: string, folder: string): ParsedSkill {
  const read = readFrontmatter(source);
  if ("fault" in read) throw invalid([{ path: "", ...read.fault }]);
  const { fields, body, lineOf } = read;
  const issues: Issue[] = [];
  const wrong = (path: string, message: string) => issues.push({ path, message, line: lineOf(path) });
  const text = (key: string, most: number): string | undefined => {
    const value = fields[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") wrong(key, "must be text");
    else if (value.trim() === "") wrong(key, "must not be empty");
    else if (value.length > most) wrong(key, `must have at most ${most} characters`);
    else return printableLine(value.replace(/\s+/g, " ").trim());
    return undefined;
  };
  for (const key of Object.keys(fields)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    wrong(
      key,
      near === undefined ? `is not known; known are ${KEYS.join(", ")}` : `is not known; did you mean "${near}"?`,
    );
  }
  for (const key of ["name", "description"]) if ((fields[key] ?? null) === null) wrong(key, "is missing");
  const name = text("name", 64);
  if (name !== undefined && !NAME.test(name)) wrong("name", "must be small letters, digits and single hyphens");
  else if (name !== undefined && name !== folder) {
    wrong("name", `must be the name of its folder, which is ${JSON.stringify(folder.slice(0, 80))}`);
  }
  const manifest = {
    name: name ?? "",
    description: text("description", 1024) ?? "",
    license: text("license", 500),
    compatibility: text("compatibility", 500),
    metadata: metadataOf(fields.metadata, wrong),
    allowedTools: toolsOf(fields["allowed-tools"], wrong),
  };
  if (issues.length > 0) throw invalid(issues);
  return { manifest, text: body };
}

function metadataOf(value: unknown, wrong: (path: string, message: string) => void): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    wrong("metadata", "must be keys with texts");
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      typeof one === "string" || typeof one === "number" || typeof one === "boolean"
        ? [[printableLine(key), printableLine(String(one))]]
        : [],
    ),
  );
}

/** `Bash(git:*) Read`, or a list. What stands in brackets widens nothing here and is left aside. */
function toolsOf(value: unknown, wrong: (path: string, message: string) => void): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  if (typeof value !== "string" && !isList) {
    wrong("allowed-tools", "must be names of tools, separated by spaces");
    return undefined;
  }
  const words = (typeof value === "string" ? value : (value as string[]).join(" ")).replace(/\([^)]*\)/g, " ");
  return [
    ...new Set(
      words.split(/[\s,]+/).flatMap((word) => {
        const name = word.toLowerCase();
        if (Object.hasOwn(OTHER_NAMES, name)) return [OTHER_NAMES[name]!];
        // `Read` is how others write our `read`; any other spelling is a name of its own.
        return word === "" ? [] : [/^[A-Z][a-z]+$/.test(word) ? name : word];
      }),
    ),
  ];
}

function invalid(issues: readonly Issue[]): AlephError {
  const [first] = issues;
  const where = `${SKILL_FILE}:${first!.line}`;
  const what = first!.path === "" ? first!.message : `"${first!.path}" ${first!.message}`;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more` : "";
  return new AlephError("plugin_error", `${where}: ${what}${more}`, {
    data: { file: SKILL_FILE, issues: [...issues], hint: "agentskills.io/specification has the form" },
  });
}
