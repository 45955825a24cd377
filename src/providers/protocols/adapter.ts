/** One adapter's file to a kind of provider, or what is wrong with it. Loads zod and the TOML parser. */
import { findFaults } from "../../lib/schema-faults.ts";
import { parseToml } from "../../lib/toml.ts";
import { indexToml, lineAt } from "../../lib/toml-source.ts";
import type { Issue } from "../../protocol/errors.ts";
import type { AnyProviderType } from "../../sdk/provider.ts";
import type { ProviderTypes } from "../models/sources.ts";
import { extendingType } from "./extending.ts";
import { schemaFor } from "./schema.ts";
import { standingType } from "./standing.ts";

const MAX_DEPTH = 32;
const MAX_ISSUES = 20;

export type ReadAdapter = { readonly type: AnyProviderType } | { readonly issues: readonly Issue[] };

export async function readAdapter(name: string, text: string, builtIn: ProviderTypes): Promise<ReadAdapter> {
  const parsed = await parseToml(text, { maxDepth: MAX_DEPTH });
  if ("fault" in parsed) return { issues: [{ path: "", ...parsed.fault }] };
  const schema = schemaFor(parsed.value);
  const faults = findFaults(schema, parsed.value, { limit: MAX_ISSUES });
  if (faults.length > 0) return { issues: faults.map(({ path, message }) => issueAt(text, path, message)) };
  const adapter = schema.parse(parsed.value);
  if (!("extends" in adapter)) return { type: standingType(name, adapter) };
  const base = await builtIn[adapter.extends]!();
  return { type: extendingType(name, adapter, base) };
}

/** With the line of the key, or of the nearest table around it. */
function issueAt(text: string, path: readonly (string | number)[], message: string): Issue {
  let best: { readonly length: number; readonly start: number } = { length: 0, start: 0 };
  for (const entry of indexToml(text)) {
    let length = 0;
    while (length < path.length && length < entry.path.length && entry.path[length] === path[length]) length++;
    if (length > best.length) best = { length, start: entry.start };
  }
  return { path: path.join("."), message, line: lineAt(text, best.start) };
}
