/** Keys that only an editor changes: who reaches the server, or talks a model into reaching it, must not take a guard away. */
import { isTable } from "../lib/merge-patch.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Table } from "./normalise.ts";
import type { Problem } from "./problem.ts";

/** `*` stands for each name in a table. */
const BY_HAND: readonly (readonly string[])[] = [
  ["a2a", "webhooks"],
  ["a2a", "agents", "*", "ask"],
  ["a2a", "agents", "*", "network"],
  ["audit", "keep_days"],
  ["exec", "allow_denied"],
  ["exec", "path"],
  ["exec", "sandbox", "enabled"],
  ["exec", "sandbox", "read"],
  ["exec", "sandbox", "write"],
  ["exec", "sandbox", "network"],
  ["extensions", "allow_unsandboxed"],
  ["hooks"],
  ["mcp", "servers", "*", "allow_unsandboxed"],
  ["tools", "web_fetch", "allow_hosts"],
  ["tools", "browser", "allow_hosts"],
  ["tools", "browser", "executable"],
  ["webhooks", "out"],
];

/** The same for people: dotted. */
export const BY_HAND_KEYS: readonly string[] = BY_HAND.map((path) => path.join("."));

/** What of that a change from `before` to `after` would touch. */
export function changedByHandOnly(before: Table, after: Table): Problem[] {
  const paths = BY_HAND.flatMap((path) => [...expand(path, before), ...expand(path, after)]);
  const each = [...new Map(paths.map((path) => [path.join("\0"), path])).values()];
  return each
    .filter((path) => !Bun.deepEquals(valueAt(before, path), valueAt(after, path)))
    .map((path) => ({
      path,
      message: "can only be changed by hand, in config.toml itself",
    }));
}

function expand(path: readonly string[], document: Table): readonly (readonly string[])[] {
  const at = path.indexOf("*");
  if (at < 0) return [path];
  const names = valueAt(document, path.slice(0, at));
  return isTable(names) ? Object.keys(names).map((name) => path.with(at, name)) : [];
}

function valueAt(table: Table, path: readonly string[]): unknown {
  const valueIn = (root: unknown) => path.reduce<unknown>((at, key) => (isTable(at) ? at[key] : undefined), root);
  // Nothing and the default are the same: what config.get shows can be given back.
  return valueIn(table) ?? valueIn(DEFAULTS);
}
