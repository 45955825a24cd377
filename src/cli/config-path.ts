/** Dotted paths into a config, such as `providers."my.proxy".base_url`, and values as they are typed. */
import { isTable } from "../lib/merge-patch.ts";
import { nearest } from "../lib/nearest.ts";
import { usageError } from "./failure.ts";

/** Throws `invalid_params` when a quote is left open or a part is empty. */
export function parseConfigPath(text: string): string[] {
  const parts: string[] = [];
  const pattern = /(?:"([^"]*)"|'([^']*)'|([^."']+))(?:\.|$)/y;
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (!found) break;
    parts.push(found[1] ?? found[2] ?? found[3]!);
    if (pattern.lastIndex === text.length && !text.endsWith(".")) return parts;
  }
  throw usageError(
    `${JSON.stringify(text)} is not the path of a key`,
    'Write it as gateway.port, or as providers."my.proxy".base_url',
  );
}

/** Throws `invalid_params` naming the nearest key when there is none. */
export function valueAt(config: unknown, path: readonly string[]): unknown {
  let value = config;
  for (const [depth, key] of path.entries()) {
    if (Array.isArray(value) && /^\d+$/.test(key) && Number(key) < value.length) value = value[Number(key)];
    else if (isTable(value) && Object.hasOwn(value, key)) value = value[key];
    else {
      const known = isTable(value) ? Object.keys(value) : [];
      const meant = nearest(key, known);
      const parent = path.slice(0, depth).join(".");
      const hint = meant
        ? `Did you mean ${[...path.slice(0, depth), meant].join(".")}?`
        : known.length > 0
          ? `Known${parent ? ` in ${parent}` : ""}: ${known.join(", ")}`
          : "It has no keys below it";
      throw usageError(`${JSON.stringify(path.join("."))} is not set`, hint);
    }
  }
  return value;
}

/** A merge patch that sets the value there; null removes the key. */
export function patchAt(path: readonly string[], value: unknown): Record<string, unknown> {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;
}

/** `true`, numbers, lists and tables as JSON; all else is a string. */
export function parseConfigValue(text: string): unknown {
  if (!/^(?:true|false|-?\d|[[{"])/.test(text.trim())) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON after all, such as `1.2.3.4`: then it means itself.
    return text;
  }
}
