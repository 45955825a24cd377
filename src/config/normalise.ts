/** Brings a config document to its one spelling: snake_case keys, no legacy keys, plain data only. */
import { isTable } from "../lib/merge-patch.ts";
import type { Problem } from "./problem.ts";

export type Table = Record<string, unknown>;
export type Path = readonly (string | number)[];

/** Tables whose keys are names that a person chose, so they are not respelled. `*` stands for such a name. */
export const NAME_TABLES: ReadonlySet<string> = new Set([
  "providers",
  "agents",
  "interfaces",
  "models.aliases",
  "providers.*.headers",
  "a2a.agents",
  "webhooks.in",
  "webhooks.out",
  "mcp.servers",
  "mcp.servers.*.env",
  "mcp.servers.*.headers",
]);

/** Below their tables' other keys the options of a kind of provider or a channel begin; they reach it as they are. */
const OPEN_SECTIONS = ["providers", "interfaces"];
const CHECKED_KEYS = ["models", "headers"];

/** Deeper than any config needs; keeps every walk over a document off the end of the stack. */
export const MAX_DEPTH = 32;

export interface Normalised {
  readonly document: Table;
  readonly problems: readonly Problem[];
}

/**
 * A new document; `input` is not changed. In a patch (RFC 7396) a key may be null. Problems come with the keys as they
 * were written, so that they can be found in the text.
 */
export function normalise(input: unknown, { patch = false }: { patch?: boolean } = {}): Normalised {
  const problems: Problem[] = [];
  if (!isPlainTable(input)) return { document: {}, problems: [{ path: [], message: "must be a table" }] };
  const deep = tooDeep(input);
  if (deep) return { document: {}, problems: [deep] };

  function walk(value: unknown, pattern: string, path: Path): unknown {
    if (Array.isArray(value)) {
      return value.map((item, index) => {
        if (item === null) problems.push({ path: [...path, index], message: "must have a value" });
        return walk(item, pattern, [...path, index]);
      });
    }
    if (value instanceof Date) {
      problems.push({ path, message: "must not be a date; put it in quotes" });
      return undefined;
    }
    return isTable(value) ? walkTable(value, pattern, path) : value;
  }

  function walkTable(table: Table, pattern: string, path: Path): Table {
    const result: Table = {};
    const spellings = new Map<string, string>();
    for (const [key, item] of Object.entries(table)) {
      const at = [...path, key];
      if (item === undefined) continue;
      if (key === "__proto__") {
        problems.push({ path: at, message: `"${key}" cannot be a key` });
        continue;
      }
      if (item === null && !patch) problems.push({ path: at, message: "must have a value; leave the key out instead" });
      const name = spell(key, pattern);
      const other = spellings.get(name);
      if (other !== undefined) {
        problems.push({ path: at, message: `is the same key as "${other}"; keep one of them` });
        continue;
      }
      spellings.set(name, key);
      result[name] = walk(item, below(pattern, name), at);
    }
    return result;
  }

  const document = walkTable(input, "", []);
  replaceLegacy(document, problems);
  return { document, problems };
}

/** The path in the normalised document for a path as written. */
export function normalisePath(path: Path): Path {
  let pattern = "";
  return path.map((key) => {
    if (typeof key === "number") return key;
    const name = spell(key, pattern);
    pattern = below(pattern, name);
    return name;
  });
}

function spell(key: string, pattern: string): string {
  return NAME_TABLES.has(pattern) || isPassedOn(pattern) ? key : toSnakeCase(key);
}

function below(pattern: string, name: string): string {
  const segment = NAME_TABLES.has(pattern) ? "*" : name;
  return pattern === "" ? segment : `${pattern}.${segment}`;
}

function isPassedOn(pattern: string): boolean {
  const [section, name, key] = pattern.split(".");
  if (section === undefined || !OPEN_SECTIONS.includes(section)) return false;
  return name !== undefined && key !== undefined && !CHECKED_KEYS.includes(key);
}

/** `allowedOrigins` and `baseURL` to `allowed_origins` and `base_url`; anything that is not camelCase stays. */
export function toSnakeCase(key: string): string {
  if (!/^[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*$/.test(key)) return key;
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** `auth.require_auth` of earlier versions: true is `mode = "token"`, false is `mode = "none"`. */
function replaceLegacy(document: Table, problems: Problem[]): void {
  const { auth } = document;
  if (!isTable(auth) || !Object.hasOwn(auth, "require_auth")) return;
  const { require_auth: required, ...rest } = auth;
  const path = ["auth", "require_auth"];
  if (typeof required !== "boolean" && required !== null) {
    problems.push({ path, message: 'must be true or false; better write mode = "token" or mode = "none"' });
    return;
  }
  const mode = required === null ? null : required ? "token" : "none";
  if (Object.hasOwn(rest, "mode") && rest.mode !== mode) {
    problems.push({ path, message: `contradicts mode; remove it, mode is enough` });
  }
  document.auth = { mode, ...rest };
}

function isPlainTable(value: unknown): value is Table {
  return isTable(value) && !(value instanceof Date);
}

/** Without recursion: this is what makes recursion safe elsewhere. */
function tooDeep(input: Table): Problem | undefined {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return { path: [], message: `Nests deeper than ${MAX_DEPTH} levels` };
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
  return undefined;
}
