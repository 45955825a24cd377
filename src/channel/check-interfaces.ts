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
  const checked = Object.entries(interfaces).map(async ([id, { enabled: _, type, ...table }]): Promise<Problem[]> => {
    const path = ["interfaces", id];
    const kind = type ?? id;
    const load = Object.hasOwn(channels, kind) ? channels[kind] : undefined;
    if (load === undefined) {
      const names = await plugged();
      if (names === undefined || names.includes(kind)) return [];
      const fault = unknownChannel(kind, [...Object.keys(channels), ...names]);
      return [{ path: type === undefined ? path : [...path, "type"], message: fault }];
    }
    if (type !== undefined && type !== id && Object.hasOwn(channels, id)) {
      return [
        { path: [...path, "type"], message: `must be "${id}" or left out: the table has the name of an interface` },
      ];
    }
    const { options } = await load();
    if (options === undefined) {
      const message = (key: string) => describeUnknownKey(key, ["enabled", "type"]);
      return Object.keys(table).map((key) => ({ path: [...path, key], message: message(key) }));
    }
    const faults = findFaults(options, table, { isReference });
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
  return (await Promise.all(checked)).flat();
}

/** Tables of a valid config that are switched on and cannot work on this machine, and why. */
export async function findObstacles(
  { interfaces }: Pick<Config, "interfaces">,
  channels: Channels,
  platform: string,
): Promise<{ readonly id: string; readonly obstacle: string }[]> {
  const looked = Object.entries(interfaces).map(async ([id, { enabled = true, type = id, ...table }]) => {
    const load = enabled && Object.hasOwn(channels, type) ? channels[type] : undefined;
    const channel = await load?.();
    const parsed = channel?.options?.safeParse(table);
    const obstacle = parsed?.success ? channel?.obstacle?.(parsed.data, platform) : undefined;
    return obstacle === undefined ? [] : [{ id, obstacle }];
  });
  return (await Promise.all(looked)).flat();
}

function unknownChannel(id: string, known: readonly string[]): string {
  const near = nearest(id, known);
  if (near !== undefined) return `is not a known interface; did you mean "${near}"`;
  return `is not a known interface; it must be one of ${known.map((name) => `"${name}"`).join(", ")}`;
}
