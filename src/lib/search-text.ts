/** Texts as the full-text index holds them: words, and for scripts without spaces each pair of neighbouring characters. */

/**
 * Han, Kana, Hangul, Thai, Lao, Khmer, Burmese. Pairs rather than SQLite's trigrams: most Chinese words have two characters, which a
 * trigram index cannot find.
 */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー々]+/gu;
const WORD = /[\p{L}\p{N}\p{M}_]+/gu;
/** Characters of one text that are indexed. */
const MAX_INDEXED = 100_000;
/** Words of a question that are looked at. */
const MAX_TERMS = 64;

/** What goes into the index in place of the text. */
export function indexText(text: string): string {
  return (
    text
      .slice(0, MAX_INDEXED)
      .normalize("NFKC")
      // The last character stands alone as well: one that is sought alone is then the beginning of some entry.
      .replace(UNSPACED, (run) => ` ${[...pairsOf(run), [...run].at(-1)].join(" ")} `)
  );
}

/** The words of a question, each once, in order; pairs for scripts without spaces. */
export function termsOf(query: string): readonly string[] {
  const found = new Set<string>();
  const text = query.slice(0, MAX_INDEXED).normalize("NFKC").toLowerCase();
  const spaced = text.replace(UNSPACED, (run) => {
    const pairs = pairsOf(run);
    for (const pair of pairs.length === 0 ? [run] : pairs) if (found.size < MAX_TERMS) found.add(pair);
    return " ";
  });
  for (const [word] of spaced.matchAll(WORD)) {
    if (found.size >= MAX_TERMS) break;
    found.add(word);
  }
  return [...found];
}

/** As the index keeps a word (`unicode61 remove_diacritics 2`). */
export function foldTerm(term: string): string {
  return term
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .normalize("NFC")
    .toLowerCase();
}

/** An FTS5 string; nothing in it is an operator. */
export function quoteTerm(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}

/** One character of a script without spaces is sought as the beginning of a pair. */
export function isSingle(term: string): boolean {
  return [...term].length === 1 && new RegExp(UNSPACED.source, "u").test(term);
}

/** The same for texts that say the same in the same words. */
export function digestOf(content: string): string {
  const words = [...content.normalize("NFKC").toLowerCase().matchAll(WORD)].map(([word]) => word);
  return new Bun.CryptoHasher("sha256").update(words.length > 0 ? words.join(" ") : content).digest("hex");
}

/** A part of `text` around the first of `terms` that is in it, at most `length` characters long. */
export function snippetOf(text: string, terms: readonly string[], length: number): string {
  const lower = text.toLowerCase();
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0);
  const at = places.length === 0 ? 0 : Math.min(...places);
  const from = Math.max(0, Math.min(at - Math.floor(length / 3), text.length - length));
  const piece = text
    .slice(from, from + length)
    .toWellFormed()
    .replace(/\s+/g, " ")
    .trim();
  return `${from > 0 ? "…" : ""}${piece}${from + length < text.length ? "…" : ""}`;
}

function pairsOf(run: string): readonly string[] {
  const characters = [...run];
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}
