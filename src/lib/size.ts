/** Sizes as people write them: `256MB`, where a kilobyte has 1024 bytes. */

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** In bytes; a number is taken as it is. Throws `RangeError` for what is no size. */
export function parseSize(size: string | number): number {
  if (typeof size === "number") return size;
  const [, count = "", unit = ""] = /^(\d+) ?([kmg])i?b$/i.exec(size) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (factor === undefined) throw new RangeError(`Not a size: ${size}`);
  return Number(count) * factor;
}
