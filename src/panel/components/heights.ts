/** The heights of rows one below the other: measured ones, and estimates for those not seen yet. */

export interface Heights {
  readonly total: number;
  has(key: string): boolean;
  /** Whether it is another height than before. */
  set(key: string, height: number): boolean;
  /** The rows in their order; those that are gone are forgotten. */
  layOut<T extends { readonly key: string }>(items: readonly T[], estimate: (item: T) => number): void;
  /** Where row number `index` begins; of the number behind the last, where the last ends. */
  top(index: number): number;
  topOf(key: string): number | undefined;
  /** The row at this height, and how far below its beginning that is. */
  at(top: number): { key: string; offset: number } | undefined;
  /** Rows that touch the view, or come as near as `beyond`. */
  range(top: number, view: number, beyond: number): { start: number; end: number };
}

export function createHeights(): Heights {
  const measured = new Map<string, number>();
  let keys: readonly string[] = [];
  let tops: number[] = [0];
  let places = new Map<string, number>();
  let estimates: readonly number[] = [];

  function sum(from: number): void {
    for (let index = from; index < keys.length; index++) {
      tops[index + 1] = tops[index]! + (measured.get(keys[index]!) ?? estimates[index]!);
    }
  }

  /** The last row that begins at or above `top`. */
  function indexAt(top: number): number {
    let low = 0;
    let high = keys.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle]! <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  return {
    get total() {
      return tops[keys.length] ?? 0;
    },
    has: (key) => measured.has(key),
    set(key, height) {
      const place = places.get(key);
      if (Math.abs((measured.get(key) ?? -1) - height) < 0.5) return false;
      measured.set(key, height);
      if (place !== undefined) sum(place);
      return true;
    },
    layOut(items, estimate) {
      keys = items.map(({ key }) => key);
      places = new Map(keys.map((key, index) => [key, index]));
      estimates = items.map((item) => (measured.has(item.key) ? 0 : estimate(item)));
      tops = [0];
      for (const key of measured.keys()) if (!places.has(key)) measured.delete(key);
      sum(0);
    },
    top: (index) => tops[Math.min(index, keys.length)] ?? 0,
    topOf(key) {
      const place = places.get(key);
      return place === undefined ? undefined : tops[place];
    },
    at(top) {
      const index = indexAt(top);
      const key = keys[index];
      return key === undefined ? undefined : { key, offset: top - tops[index]! };
    },
    range(top, view, beyond) {
      if (keys.length === 0) return { start: 0, end: 0 };
      return { start: indexAt(top - beyond), end: indexAt(top + view + beyond) + 1 };
    },
  };
}
