/** Checks the providers' tables of a config with the schemas of their kinds, which the config's own does not know. */
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import { nearest } from "../../lib/nearest.ts";
import { findFaults } from "../../lib/schema-faults.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { AnyProviderType } from "../../sdk/provider.ts";
import type { ProviderTypes } from "./sources.ts";

/** A secret that is kept elsewhere is checked when it is resolved. */
const REFERENCE = /^(env|file|keychain):/;
const isReference = (value: unknown) => typeof value === "string" && REFERENCE.test(value);

/**
 * `plugged` gives the names of the kinds that plugins bring, or nothing when they cannot be known; their tables are
 * checked when they are opened.
 */
export async function checkProviders(
  config: Pick<Config, "providers">,
  types: ProviderTypes,
  plugged: () => Promise<readonly string[] | undefined> = async () => [],
): Promise<Problem[]> {
  const checked = Object.entries(config.providers).map(async ([id, { type, ...table }]): Promise<Problem[]> => {
    const path = ["providers", id];
    const kind = type ?? (Object.hasOwn(types, id) ? id : undefined);
    const load = kind !== undefined && Object.hasOwn(types, kind) ? types[kind] : undefined;
    if (load === undefined) {
      const names = await plugged();
      if (names === undefined || names.includes(type ?? id)) return [];
      return [{ path: [...path, "type"], message: unknownType(kind, [...Object.keys(types), ...names]) }];
    }
    let options: AnyProviderType["options"];
    try {
      ({ options } = await load());
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (error.reason !== "config_invalid") throw error;
      return [{ path: [...path, "type"], message: `cannot be used: ${error.message}` }];
    }
    const faults = findFaults(options, table, { isReference });
    return faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }));
  });
  return (await Promise.all(checked)).flat();
}

function unknownType(kind: string | undefined, types: readonly string[]): string {
  const known = `it must be one of ${types.map((type) => JSON.stringify(type)).join(", ")}`;
  if (kind === undefined) return `is missing; ${known}`;
  const near = nearest(kind, types);
  return near === undefined ? `is not known; ${known}` : `is not known; did you mean ${JSON.stringify(near)}`;
}
