/** Reads values out of JSON by their place. */

/** All values at `place` (`choices.0.delta.content`, `parts.*.text`); none where something on the way is missing. */
export function pick(value: unknown, place: string): unknown[] {
  let values: unknown[] = [value];
  for (const key of place.split(".")) {
    values = values.flatMap((item) => {
      if (key === "*") return Array.isArray(item) ? item : [];
      if (typeof item !== "object" || item === null || !Object.hasOwn(item, key)) return [];
      const found = (item as Record<string, unknown>)[key];
      return found === null || found === undefined ? [] : [found];
    });
  }
  return values;
}
