/** Where two values first differ. */

export interface Difference {
  /** Dotted, empty for the whole. */
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** Compares plain data; keys that hold `undefined` are as good as missing. */
export function firstDifference(a: unknown, b: unknown, path = ""): Difference | undefined {
  if (Object.is(a, b)) return undefined;
  if (!isTable(a) || !isTable(b) || Array.isArray(a) !== Array.isArray(b)) return { path, a, b };
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = firstDifference(a[key], b[key], path === "" ? key : `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
