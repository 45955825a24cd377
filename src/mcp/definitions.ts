/** What a server says of its tools: read with limits, made safe to show, and compared by digest. */
import { canonicalDigest } from "../lib/canonical-json.ts";
import { exactLine } from "../lib/terminal-text.ts";
import { AlephError } from "../protocol/errors.ts";

/** As the server wrote it; all that a model or a person could be shown of it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

export interface DefinitionChange {
  readonly tool: string;
  readonly change: "added" | "removed" | "changed";
  /** Each as it may be shown: description, then the rest as JSON. */
  readonly before?: string;
  readonly after?: string;
}

const MAX_TOOLS = 500;
/** Characters of all of them. */
const MAX_SIZE = 1024 * 1024;
const MAX_NAME = 256;
const FIELDS = ["name", "title", "description", "inputSchema", "outputSchema", "annotations"] as const;

/** Sorted by name. Throws `mcp_error` for too many, for too much, and for two of one name. */
export function readDefinitions(
  server: string,
  raw: readonly Readonly<Record<string, unknown>>[],
): readonly ToolDefinition[] {
  const refuse = (what: string) =>
    new AlephError("mcp_error", `MCP server "${server}" ${what}`, { data: { server, code: "protocol" } });
  if (raw.length > MAX_TOOLS) throw refuse(`lists more than ${MAX_TOOLS} tools`);
  const picked = raw.map(
    (tool) =>
      Object.fromEntries(
        FIELDS.flatMap((field) => (tool[field] === undefined ? [] : [[field, tool[field]]])),
      ) as unknown as ToolDefinition,
  );
  if (JSON.stringify(picked).length > MAX_SIZE) throw refuse(`describes its tools in more than ${MAX_SIZE} characters`);
  const sorted = picked.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  sorted.forEach(({ name }, index) => {
    if (name === "" || name.length > MAX_NAME) throw refuse("has a tool without a usable name");
    if (sorted[index + 1]?.name === name) throw refuse(`lists the tool ${JSON.stringify(name)} twice`);
  });
  return sorted;
}

export function digestOf(definitions: readonly ToolDefinition[]): string {
  return canonicalDigest(definitions);
}

/** What differs, by name. */
export function changesBetween(
  before: readonly ToolDefinition[],
  after: readonly ToolDefinition[],
): readonly DefinitionChange[] {
  const old = new Map(before.map((tool) => [tool.name, tool]));
  const now = new Map(after.map((tool) => [tool.name, tool]));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((name): DefinitionChange[] => {
    const [a, b] = [old.get(name), now.get(name)];
    const tool = exactLine(name);
    if (a && b) {
      if (canonicalDigest(a) === canonicalDigest(b)) return [];
      return [{ tool, change: "changed", before: shown(a), after: shown(b) }];
    }
    if (a) return [{ tool, change: "removed", before: shown(a) }];
    return b ? [{ tool, change: "added", after: shown(b) }] : [];
  });
}

/** Text of a stranger for a model or a person: what cannot be seen, or turns the direction of reading, shows as an escape. */
export function visible(text: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => line.split("\t").map(exactLine).join("\t"))
    .join("\n");
}

/** The same for what a schema says in words; names and values stay, or calls would not fit. */
export function visibleSchema(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return walk(schema) as Readonly<Record<string, unknown>>;
}

const WORDS: ReadonlySet<string> = new Set(["description", "title", "$comment"]);

function walk(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(walk);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      WORDS.has(key) && typeof item === "string" ? visible(item) : walk(item),
    ]),
  );
}

function shown({ name: _, description = "", ...rest }: ToolDefinition): string {
  return `${visible(description)}\n${visible(JSON.stringify(rest, null, 2))}`.trim();
}
