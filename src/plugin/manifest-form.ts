/** Brings a manifest to its one form: the tables of `aleph_plugin.toml`, keys in snake_case; and back for messages. */
import { toSnakeCase } from "../config/normalise.ts";
import { isTable } from "../lib/merge-patch.ts";
import type { Fault } from "../lib/schema-faults.ts";
import type { ManifestFormat } from "./manifest-files.ts";

export type Path = readonly (string | number)[];

export interface Unwrapped {
  readonly document: unknown;
  /** Where in the file a place of the document is. */
  readonly where: (path: Path) => Path;
}

/** What package.json says of a package, a plugin need not say again. */
const SHARED_WITH_PACKAGE = ["name", "version", "description"];

/** `aboutKeys` are those of the table `plugin`. */
export function unwrap(
  value: unknown,
  { section, isFlat = false }: Pick<ManifestFormat, "section" | "isFlat">,
  aboutKeys: readonly string[],
): Unwrapped {
  if (!isTable(value)) return { document: value, where: (path) => path };
  const own = section === undefined ? value : value[section];
  const prefix = section === undefined ? [] : [section];
  if (!isTable(own)) return { document: own, where: (path) => [...prefix, ...path] };

  const shared = new Set<string>();
  const isBare = isFlat && !Object.hasOwn(own, "plugin");
  const document: Record<string, unknown> = isBare ? fold(own, aboutKeys) : { ...own };
  if (section !== undefined && isTable(document.plugin)) {
    const plugin: Record<string, unknown> = { ...document.plugin };
    for (const key of SHARED_WITH_PACKAGE) {
      if (Object.hasOwn(plugin, key) || !Object.hasOwn(value, key)) continue;
      plugin[key] = value[key];
      shared.add(key);
    }
    document.plugin = plugin;
  }
  return {
    document,
    where([first, second, ...rest]) {
      if (first === undefined) return prefix;
      if (first !== "plugin") return [...prefix, first, ...(second === undefined ? [] : [second, ...rest])];
      if (second === undefined) return isBare ? prefix : [...prefix, first];
      if (shared.has(String(second))) return [second, ...rest];
      const written = isBare && second === "entry" && !Object.hasOwn(own, "entry") ? "main" : second;
      return [...prefix, ...(isBare ? [] : [first]), written, ...rest];
    },
  };
}

/** The keys of `plugin` from beside the tables into a table of their own. */
function fold(own: Readonly<Record<string, unknown>>, aboutKeys: readonly string[]): Record<string, unknown> {
  const plugin: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(own)) {
    if (key === "main" && !Object.hasOwn(own, "entry")) plugin.entry = value;
    else if (aboutKeys.includes(key)) plugin[key] = value;
    else rest[key] = value;
  }
  return { plugin, ...rest };
}

/** camelCase to snake_case, except in `parameters`, whose keys are the plugin's own. */
export function respell(value: unknown, path: Path = []): { document: unknown; problems: Fault[] } {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => respell(item, [...path, index]));
    return { document: items.map(({ document }) => document), problems: items.flatMap(({ problems }) => problems) };
  }
  if (!isTable(value) || path.at(-1) === "parameters") return { document: value, problems: [] };
  const document: Record<string, unknown> = {};
  const problems: Fault[] = [];
  for (const [key, item] of Object.entries(value)) {
    const name = toSnakeCase(key);
    if (Object.hasOwn(document, name)) {
      problems.push({
        path: [...path, key],
        message: `is the same key as "${name}" or another spelling of it; keep one`,
      });
      continue;
    }
    const inner = respell(item, [...path, name]);
    document[name] = inner.document;
    problems.push(...inner.problems);
  }
  return { document, problems };
}
