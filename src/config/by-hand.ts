/** Keys that only an editor changes: who reaches the server, or talks a model into reaching it, must not take a guard away. */
import { isTable } from "../lib/merge-patch.ts";
import { DEFAULTS } from "./defaults.ts";
import type { Table } from "./normalise.ts";
import type { Problem } from "./problem.ts";

const BY_HAND: readonly (readonly string[])[] = [
  ["exec", "allow_denied"],
  ["exec", "path"],
  ["extensions", "allow_unsandboxed"],
  ["tools", "web_fetch", "allow_hosts"],
];

/** What of that a change from `before` to `after` would touch. */
export function changedByHandOnly(before: Table, after: Table): Problem[] {
  return BY_HAND.filter((path) => !Bun.deepEquals(valueAt(before, path), valueAt(after, path))).map((path) => ({
    path,
    message: "can only be changed by hand, in config.toml itself",
  }));
}

function valueAt(table: Table, path: readonly string[]): unknown {
  const valueIn = (root: unknown) => path.reduce<unknown>((at, key) => (isTable(at) ? at[key] : undefined), root);
  // Nothing and the default are the same: what config.get shows can be given back.
  return valueIn(table) ?? valueIn(DEFAULTS);
}
