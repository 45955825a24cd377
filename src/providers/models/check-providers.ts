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

export async function checkProviders(config: Pick<Config, "providers">, types: ProviderTypes): Promise<Problem[]> {
  const checked = Object.entries(config.providers).map(async ([id, { type, ...table }]): Promise<Problem[]> => {
    const path = ["providers", id];
    const kind = type ?? (Object.hasOwn(types, id) ? id : undefined);
    const load = kind !== undefined && Object.hasOwn(types, kind) ? types[kind] : undefined;
    if (load === undefined) return [{ path: [...path, "type"], message: unknownType(kind, types) }];
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

function unknownType(kind: string | undefined, types: ProviderTypes): string {
  const known = `it must be one of ${Object.keys(types)
    .map((type) => JSON.stringify(type))
    .join(", ")}`;
  if (kind === undefined) return `is missing; ${known}`;
  const near = nearest(kind, Object.keys(types));
  return near === undefined ? `is not known; ${known}` : `is not known; did you mean ${JSON.stringify(near)}`;
}
