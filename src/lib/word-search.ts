/** Full-text search whose cost has a bound: of a question's words the rarest are looked for, however common the others are. */
import type { Database } from "bun:sqlite";
import { foldTerm, isSingle, quoteTerm, termsOf } from "./search-text.ts";

export interface WordSearchOptions {
  readonly db: Database;
  /** The FTS5 table, and the fts5vocab table of it. */
  readonly table: string;
  readonly terms: string;
}

export interface WordSearchQuery {
  readonly limit: number;
  /** Only by words that say something. */
  readonly telling?: boolean | undefined;
  /** What has all of the words comes alone, where there is any. */
  readonly all?: boolean | undefined;
}

/** Joins to and conditions on what is found, with their values. */
export interface Conditions {
  readonly sql: string;
  readonly values: readonly (string | number | null)[];
}

/** Entries that are scored for one question: some 2 µs each. */
const MAX_SCORED = 2000;
/** From here on how often a word occurs is remembered: to count it takes long. */
const FREQUENT = 5000;
const MAX_REMEMBERED = 2000;
/** Changes after which it is counted anew. */
const COUNTED_FOR = 2000;
/** A word tells something when it is in at most this share of the entries, or in very few. */
const TELLING_SHARE = 0.1;
const FEW = 3;

export class WordSearch {
  readonly #o: WordSearchOptions;
  readonly #frequent = new Map<string, number>();
  #changes = 0;
  /** Of a large one it need not be exact. */
  #knownSize = 0;

  constructor(options: WordSearchOptions) {
    this.#o = options;
  }

  changed(): void {
    if (++this.#changes < COUNTED_FOR) return;
    this.#changes = 0;
    this.#knownSize = 0;
    this.#frequent.clear();
  }

  /** Row ids, best first (BM25); when only words are sought that are almost everywhere, the latest first. */
  find(
    query: string,
    conditions: Conditions,
    { limit, telling = false, all = false }: WordSearchQuery,
  ): readonly number[] {
    const terms = termsOf(query);
    const counted = terms
      .map((term) => ({ term, count: this.#count(term) }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => a.count - b.count);
    const most = telling ? Math.max(FEW, this.#size() * TELLING_SHARE) : Number.POSITIVE_INFINITY;
    const wanted = counted.filter(({ term, count }) => count <= most && !(telling && STOP_WORDS.has(term)));
    if (wanted.length === 0) return [];
    const newest = `${this.#o.table}.rowid DESC`;
    const each = wanted.map(({ term }) => phraseOf(term));
    if (all && wanted.length === terms.length) {
      const found = this.#match(each.join(" AND "), conditions, wanted[0]!.count > MAX_SCORED ? newest : "rank", limit);
      if (found.length > 0) return found;
    }
    const taken: string[] = [];
    let scored = 0;
    for (const { term, count } of wanted) {
      scored += count;
      if (scored > MAX_SCORED) break;
      taken.push(term);
    }
    if (taken.length > 0) return this.#match(taken.map(phraseOf).join(" OR "), conditions, "rank", limit);
    const found = this.#match(each.join(" AND "), conditions, newest, limit);
    return found.length > 0 ? found : this.#match(each[0]!, conditions, newest, limit);
  }

  #match(match: string, { sql, values }: Conditions, order: string, limit: number): readonly number[] {
    const { db, table } = this.#o;
    return db
      .query<{ id: number }, (string | number | null)[]>(
        // CROSS keeps SQLite from beginning with the other table.
        `SELECT ${table}.rowid AS id FROM ${table} CROSS ${sql} AND ${table} MATCH ? ORDER BY ${order} LIMIT ?`,
      )
      .all(...values, match, limit)
      .map(({ id }) => id);
  }

  #count(term: string): number {
    if (isSingle(term)) return 1;
    const folded = foldTerm(term);
    const known = this.#frequent.get(folded);
    if (known !== undefined) return known;
    const count =
      this.#o.db.query<{ doc: number }, [string]>(`SELECT doc FROM ${this.#o.terms} WHERE term = ?`).get(folded)?.doc ??
      0;
    if (count >= FREQUENT && this.#frequent.size < MAX_REMEMBERED) this.#frequent.set(folded, count);
    return count;
  }

  #size(): number {
    const { db, table } = this.#o;
    if (this.#knownSize >= FREQUENT) return this.#knownSize;
    const row = db.query<{ size: number }, []>(`SELECT count(*) AS size FROM ${table}_docsize`).get();
    this.#knownSize = row?.size ?? 0;
    return this.#knownSize;
  }
}

function phraseOf(term: string): string {
  return isSingle(term) ? `${quoteTerm(term)} *` : quoteTerm(term);
}

/** Words that say nothing about what a sentence is about; in a small memory they are as rare as the others. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    "a an and are as at be but by can could did do does for from had has have he her him his how i if in is it its me my not of on or " +
    "our she should so some than that the their them then there these they this to user users was we were what when where which who why will with " +
    "would you your aber als am auf aus bei bin bist da das dass dein dem den der des die dir du ein eine einem einen einer er es für hat habe " +
    "haben ich ihr im in ist ja kann kein mein mich mir mit nicht noch nur oder sein sich sie sind so und uns von war was wer wie wir wo zu zum zur " +
    "au aux ce ces dans de des du elle en est et il je la le les leur lui ma mais mes mon ne nous par pas pour qu que qui sa se ses son sur ta te " +
    "tes tu un une vos votre vous al con como cuando del donde el ella en es esta está la las los lo mi mis no para pero por que quien se si su sus " +
    "tu un una y yo"
  ).split(" "),
);
