/** Config as it may be shown: secrets masked, references as they are; and the way back, for what a client returns. */
import { isSecretKey, MASK, maskText } from "../lib/mask.ts";
import { isTable } from "../lib/merge-patch.ts";
import type { Path, Table } from "./normalise.ts";
import type { Problem } from "./problem.ts";
import { isReference } from "./secrets.ts";

/** A copy. Values of headers and variables are always masked: what their names mean is the other side's affair. */
export function redact<T extends Table>(config: T): T {
  return redactValue(config, []) as T;
}

function redactValue(value: unknown, path: Path): unknown {
  if (typeof value === "string") return redactString(value, path);
  if (Array.isArray(value)) return value.map((item, index) => redactValue(item, [...path, index]));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item, [...path, key])]));
}

function redactString(value: string, path: Path): string {
  if (value === "" || (isReference(value) && maskText(value) === value)) return value;
  // A list of secrets stands under one secret key.
  const key = path.findLast((part) => typeof part === "string") ?? "";
  if (isSecretKey(key) || isAllSecret(path)) return MASK;
  return maskText(redactUrl(value));
}

/** Whether all values below are the other side's affair. */
export function isAllSecret(path: Path): boolean {
  return path.some((part) => part === "headers" || part === "env");
}

/** Credentials in an address: `user:password@` and parameters that name a secret. */
export function redactUrl(value: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return value;
  return value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`)
    .replace(/([?&])([^=&#]+)=([^&#]+)/g, (all, mark: string, name: string) =>
      name.toLowerCase() === "key" || isSecretKey(name) ? `${mark}${name}=${MASK}` : all,
    );
}

/**
 * Puts back the secrets of `old` where `input` holds what `redact` made of them. Any other `[masked]` is a problem: it
 * would overwrite a secret with that word.
 */
export function restoreMasked(
  input: Table,
  old: Table,
): { readonly document: Table; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  function walk(value: unknown, before: unknown, path: Path): unknown {
    if (typeof value === "string") {
      if (!value.includes(MASK)) return value;
      if (typeof before === "string" && redactString(before, path) === value) return before;
      problems.push({
        path,
        message: `is ${MASK} and there is no such secret to keep; give the secret or a reference such as env:NAME`,
      });
      return value;
    }
    if (Array.isArray(value)) {
      // By place alone a secret could move to another entry, so a list keeps its secrets as a whole or not at all.
      const same = Array.isArray(before) && Bun.deepEquals(redactValue(before, path), value);
      return same ? before : value.map((item, index) => walk(item, undefined, [...path, index]));
    }
    if (!isTable(value)) return value;
    const table = isTable(before) ? before : {};
    const own = (key: string) => (Object.hasOwn(table, key) ? table[key] : undefined);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, own(key), [...path, key])]));
  }
  return { document: walk(input, old, []) as Table, problems };
}
