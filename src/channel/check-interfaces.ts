/** Checks the interfaces' tables of a config with the schemas of their channels, which the config's own does not know. */
import type { Problem } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { isReference } from "../config/secrets.ts";
import { nearest } from "../lib/nearest.ts";
import { describeUnknownKey, findFaults } from "../lib/schema-faults.ts";
import type { Channels } from "./interfaces.ts";

/**
 * `plugged` gives the names of the channels that plugins bring, or nothing when they cannot be known; their tables are
 * checked when they are opened.
 */
export async function checkInterfaces(
  { interfaces }: Pick<Config, "interfaces">,
  channels: Channels,
  plugged: () => Promise<readonly string[] | undefined> = async () => [],
): Promise<Problem[]> {
  const checked = Object.entries(interfaces).map(async ([id, { enabled: _, ...table }]): Promise<Problem[]> => {
    const path = ["interfaces", id];
    const load = Object.hasOwn(channels, id) ? channels[id] : undefined;
    if (load === undefined) {
      const names = await plugged();
      if (names === undefined || names.includes(id)) return [];
      return [{ path, message: unknownChannel(id, [...Object.keys(channels), ...names]) }];
    }
    const { options } = await load();
    if (options === undefined) {
      const message = (key: string) => describeUnknownKey(key, ["enabled"]);
      return Object.keys(table).map((key) => ({ path: [...path, key], message: message(key) }));
    }
    const faults = findFaults(options, table, { isReference });
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
  return (await Promise.all(checked)).flat();
}

function unknownChannel(id: string, known: readonly string[]): string {
  const near = nearest(id, known);
  if (near !== undefined) return `is not a known interface; did you mean "${near}"`;
  return `is not a known interface; it must be one of ${known.map((name) => `"${name}"`).join(", ")}`;
}
