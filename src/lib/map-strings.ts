/** Replaces the strings in plain data. */

/** A copy in which each string, at any depth, is what `replace` made of it; keys stay. Rejects with the first failure. */
export async function mapStrings(value: unknown, replace: (text: string) => Promise<string>): Promise<unknown> {
  if (typeof value === "string") return replace(value);
  if (Array.isArray(value)) return Promise.all(value.map((item) => mapStrings(item, replace)));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await mapStrings(item, replace)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
