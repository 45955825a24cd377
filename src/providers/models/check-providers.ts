/** Checks the providers' tables of a config with the schemas of their kinds, which the config's own does not know. */
import * as z from "zod";
import type { Problem } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import { nearest } from "../../lib/nearest.ts";
import type { ProviderTypes } from "./sources.ts";

/** A secret that is kept elsewhere is checked when it is resolved. */
const REFERENCE = /^(env|file|keychain):/;

export async function checkProviders(config: Pick<Config, "providers">, types: ProviderTypes): Promise<Problem[]> {
  const checked = Object.entries(config.providers).map(async ([id, { type, ...table }]): Promise<Problem[]> => {
    const path = ["providers", id];
    const kind = type ?? (Object.hasOwn(types, id) ? id : undefined);
    const load = kind !== undefined && Object.hasOwn(types, kind) ? types[kind] : undefined;
    if (load === undefined) return [{ path: [...path, "type"], message: unknownType(kind, types) }];
    const { options } = await load();
    const parsed = options.safeParse(table, { reportInput: true });
    if (parsed.success) return [];
    const known = options instanceof z.ZodObject ? Object.keys(options.shape) : [];
    return parsed.error.issues.flatMap((issue) => problems(issue, path, known));
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

function problems(issue: z.core.$ZodIssue, prefix: readonly string[], known: readonly string[]): Problem[] {
  const path = [...prefix, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  if (typeof issue.input === "string" && REFERENCE.test(issue.input)) return [];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const near = issue.path.length === 0 ? nearest(key, known) : undefined;
      const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}`;
      return { path: [...path, key], message: `unknown key${hint}` };
    });
  }
  if (issue.code === "invalid_type" && issue.input === undefined) return [{ path, message: "is missing" }];
  return [{ path, message: issue.message }];
}
