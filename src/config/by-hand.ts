/** Keys that only an editor changes: who reaches the server, or talks a model into reaching it, must not open a sandbox. */
import { isTable } from "../lib/merge-patch.ts";
import type { Table } from "./normalise.ts";
import type { Problem } from "./problem.ts";

const BY_HAND: readonly (readonly string[])[] = [["extensions", "allow_unsandboxed"]];

/** What of that a change from `before` to `after` would touch. */
export function changedByHandOnly(before: Table, after: Table): Problem[] {
  return BY_HAND.filter((path) => !Bun.deepEquals(valueAt(before, path), valueAt(after, path))).map((path) => ({
    path,
    message: "can only be changed by hand, in config.toml itself",
  }));
}

function valueAt(table: Table, path: readonly string[]): unknown {
  const value = path.reduce<unknown>((at, key) => (isTable(at) ? at[key] : undefined), table);
  // Nothing and an empty list are the same: what config.get shows can be given back.
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
