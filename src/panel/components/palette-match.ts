/** Which entries fit what was typed, the best first. */

export interface Matchable {
  readonly label: string;
  /** Found by these words too; they are not shown. */
  readonly also?: string;
}

/** In the given order where they fit equally well. With nothing typed all of them, as they are. */
export function bestMatches<T extends Matchable>(entries: readonly T[], typed: string): readonly T[] {
  const words = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries
    .map((entry, at) => ({ entry, at, score: scoreOf(entry, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.at - b.at)
    .map(({ entry }) => entry);
}

/** 0 where one of the words does not fit. */
function scoreOf({ label, also = "" }: Matchable, words: readonly string[]): number {
  const [shown, hidden] = [label.toLowerCase(), also.toLowerCase()];
  let score = 0;
  for (const word of words) {
    const found = Math.max(fit(shown, word), fit(hidden, word) - 1);
    if (found <= 0) return 0;
    score += found;
  }
  return score;
}

/** 5 at the beginning, 4 where a word begins, 3 inside, 2 letter by letter. */
function fit(text: string, word: string): number {
  if (text === "") return 0;
  const at = text.indexOf(word);
  if (at === 0) return 5;
  if (at > 0) return /[\p{L}\p{N}]/u.test(text[at - 1]!) ? 3 : 4;
  let from = 0;
  for (const letter of word) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 2;
}
