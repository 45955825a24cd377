/** Several rankings made into one (reciprocal rank fusion, Cormack, Clarke and Büttcher 2009). */

/** Damps how much the first places count; the value of the paper. */
const K = 60;

/** Each list has the best first; what is in several goes up. Best first, with its score. */
export function fuseRanks<T>(
  lists: readonly (readonly T[])[],
): readonly { readonly item: T; readonly score: number }[] {
  const scores = new Map<T, number>();
  for (const list of lists) {
    for (const [place, item] of list.entries()) scores.set(item, (scores.get(item) ?? 0) + 1 / (K + place + 1));
  }
  return [...scores].map(([item, score]) => ({ item, score })).toSorted((a, b) => b.score - a.score);
}
