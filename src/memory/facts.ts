/** The facts on disk: kept once, retired by newer ones, found by their words. */
import type { Database } from "bun:sqlite";
import { createId } from "../lib/id.ts";
import { digestOf, indexText } from "../lib/search-text.ts";
import { WordSearch } from "../lib/word-search.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Fact, Metadata, NewFact, StoredFact, Told } from "../sdk/memory.ts";
import type { Store } from "../sdk/store.ts";
import { type FactRow, factOf, MAX_CONTENT, MAX_METADATA, MAX_SUBJECT, type Namespace } from "./fact.ts";

export interface FactsOptions {
  readonly store: Store;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Something was stored, retired or forgotten. */
  readonly onChange: (agent: string) => void;
}

export interface FactStats {
  readonly facts: number;
  readonly retired: number;
  readonly untrusted: number;
  readonly vectors: number;
}

/** Expired facts that one write retires besides. */
const SWEPT = 100;

export class Facts {
  readonly #o: FactsOptions;
  readonly #words: WordSearch;

  constructor(options: FactsOptions) {
    this.#o = options;
    this.#words = new WordSearch({ db: options.store.db, table: "fact_text", terms: "fact_term" });
  }

  /**
   * Resolves when it is on disk. Throws `invalid_params` for what is empty or too long, and `not_found` when there is nothing to replace.
   */
  async store(where: Namespace, fact: NewFact): Promise<StoredFact> {
    const content = fact.content.trim().replace(/\s*\n\s*/g, " ");
    const metadata = JSON.stringify(fact.metadata ?? {});
    this.#check(content, fact.subject ?? "", metadata);
    const stored = await this.#o.store.write((db) => this.#insert(db, where, { ...fact, content }, metadata));
    this.#words.changed();
    this.#o.onChange(where.agent);
    return stored;
  }

  /** Throws `not_found`. */
  get(where: Namespace, factId: string): Fact {
    const row = findRow(this.#o.store.db, where, factId);
    if (!row) throw notFound(factId);
    return factOf(row);
  }

  /** For good, also when it was retired. Throws `not_found`. */
  async forget(where: Namespace, factId: string): Promise<Fact> {
    const gone = await this.#o.store.write((db) => {
      const row = findRow(db, where, factId);
      if (!row) throw notFound(factId);
      db.query("DELETE FROM fact_text WHERE rowid = ?").run(row.id);
      db.query("DELETE FROM fact WHERE id = ?").run(row.id);
      return factOf(row);
    });
    this.#words.changed();
    this.#o.onChange(gone.agent);
    return gone;
  }

  /** Takes a fact out of use and keeps it to be looked at. Nothing when it is retired already. */
  async retire(where: Namespace, factId: string): Promise<void> {
    await this.#o.store.write((db) => {
      const row = findRow(db, where, factId);
      if (row && row.retired_at === null) retireRow(db, row.id, null, this.#o.now());
    });
    this.#words.changed();
    this.#o.onChange(where.agent);
  }

  /** The latest first. */
  list(
    where: Namespace,
    {
      limit,
      before,
      retired = false,
    }: { readonly limit: number; readonly before?: string | undefined; readonly retired?: boolean | undefined },
  ): readonly Fact[] {
    const { db } = this.#o.store;
    const from = before === undefined ? undefined : findRow(db, where, before);
    return db
      .query<FactRow, [string, string, number, number, number, number, number]>(
        `SELECT * FROM fact WHERE agent = ?1 AND owner = ?2 AND (updated_at, id) < (?3, ?4)
           AND (?5 OR (retired_at IS NULL AND (expires_at IS NULL OR expires_at > ?6)))
         ORDER BY updated_at DESC, id DESC LIMIT ?7`,
      )
      .all(
        where.agent,
        where.owner,
        from?.updated_at ?? Number.MAX_SAFE_INTEGER,
        from?.id ?? 0,
        Number(retired),
        this.#o.now(),
        limit,
      )
      .map(factOf);
  }

  stats(where: Namespace): FactStats {
    const row = this.#o.store.db
      .query<FactStats, [string, string, number]>(
        `SELECT count(*) FILTER (WHERE live) AS facts, count(*) FILTER (WHERE NOT live) AS retired,
           count(*) FILTER (WHERE live AND NOT trusted) AS untrusted, count(vector) FILTER (WHERE live) AS vectors
         FROM (SELECT retired_at IS NULL AND (expires_at IS NULL OR expires_at > ?3) AS live, trusted, fact_vector.id AS vector
           FROM fact LEFT JOIN fact_vector ON fact_vector.fact = fact.id WHERE agent = ?1 AND owner = ?2)`,
      )
      .get(where.agent, where.owner, this.#o.now());
    return row ?? { facts: 0, retired: 0, untrusted: 0, vectors: 0 };
  }

  count(where: Namespace): number {
    const row = this.#o.store.db
      .query<{ count: number }, [string, string]>(
        "SELECT count(*) AS count FROM (SELECT 1 FROM fact WHERE agent = ? AND owner = ? AND retired_at IS NULL LIMIT 1000)",
      )
      .get(where.agent, where.owner);
    return row?.count ?? 0;
  }

  /** Row ids, best first, of facts that have words of the question; with `telling`, such words as say something. */
  byWords(
    where: Namespace,
    query: string,
    {
      limit,
      filter = {},
      telling = false,
    }: { readonly limit: number; readonly filter?: Metadata | undefined; readonly telling?: boolean },
  ): readonly number[] {
    const keys = Object.entries(filter);
    const sql = `JOIN fact ON fact.id = fact_text.rowid WHERE agent = ? AND owner = ? AND retired_at IS NULL
      AND (expires_at IS NULL OR expires_at > ?) ${keys.map(() => "AND metadata ->> ? IS ?").join(" ")}`;
    const values = [
      where.agent,
      where.owner,
      this.#o.now(),
      ...keys.flatMap(([key, value]) => [
        `$.${JSON.stringify(key)}`,
        typeof value === "boolean" ? Number(value) : value,
      ]),
    ];
    return this.#words.find(query, { sql, values }, { limit, telling });
  }

  /** Those that are in use, in this order; what `filter` leaves out is not among them. */
  byIds(where: Namespace, ids: readonly number[], filter: Metadata = {}): ReadonlyMap<number, Fact> {
    const now = this.#o.now();
    const rows = this.#o.store.db
      .query<FactRow, [string]>("SELECT * FROM fact WHERE id IN (SELECT value FROM json_each(?))")
      .all(JSON.stringify(ids))
      .filter(
        (row) =>
          row.agent === where.agent &&
          row.owner === where.owner &&
          row.retired_at === null &&
          (row.expires_at === null || row.expires_at > now),
      );
    const found = new Map(rows.map((row) => [row.id, factOf(row)]));
    const fits = ({ metadata }: Fact) =>
      Object.entries(filter).every(([key, value]) => (metadata[key] ?? null) === value);
    return new Map(
      ids.flatMap((id) => {
        const fact = found.get(id);
        return fact && fits(fact) ? [[id, fact] as const] : [];
      }),
    );
  }

  #check(content: string, subject: string, metadata: string): void {
    const refuse = (message: string, hint: string) => new AlephError("invalid_params", message, { data: { hint } });
    if (content === "") throw refuse("A fact needs words", "Say in one sentence what is to be remembered");
    if (content.length > MAX_CONTENT)
      throw refuse(
        `A fact has at most ${MAX_CONTENT} characters`,
        "Keep long texts in files and remember where they are",
      );
    if (metadata.length > MAX_METADATA)
      throw refuse(`The metadata of a fact has at most ${MAX_METADATA} characters`, "Keep long texts in files");
    if (subject.length > MAX_SUBJECT)
      throw refuse(`A subject has at most ${MAX_SUBJECT} characters`, "Name it in a few words");
  }

  #insert(db: Database, where: Namespace, fact: NewFact, metadata: string): StoredFact {
    const now = this.#o.now();
    sweep(db, now);
    const { content, source, confidence = 1 } = fact;
    const subject = fact.subject?.trim().toLowerCase() || null;
    const digest = digestOf(content);
    const replaced = fact.replaces === undefined ? undefined : findRow(db, where, fact.replaces);
    if (fact.replaces !== undefined && !replaced) throw notFound(fact.replaces);
    const older = rivals(db, where, subject).filter((row) => row.digest !== digest);
    if (replaced && replaced.retired_at === null && replaced.digest !== digest) {
      if (!older.some(({ id }) => id === replaced.id)) older.push(replaced);
    }
    const mayRetire = ({ trusted }: FactRow) => fact.trusted || trusted === 0;
    const twin = db
      .query<FactRow, [string, string, string]>(
        "SELECT * FROM fact WHERE agent = ? AND owner = ? AND digest = ? AND retired_at IS NULL",
      )
      .get(where.agent, where.owner, digest);
    const factId = twin?.fact_id ?? createId("fact");
    const expiresAt = fact.expiresAt ?? null;
    if (twin) {
      // What a stranger repeats makes nothing more certain, and lets nothing last longer.
      const better = fact.trusted || twin.trusted === 0;
      if (better) {
        db.query(
          `UPDATE fact SET updated_at = ?1, confidence = max(confidence, ?2), trusted = max(trusted, ?3), expires_at = ?4,
             subject = coalesce(?5, subject), metadata = json_patch(metadata, ?6) WHERE id = ?7`,
        ).run(now, confidence, Number(fact.trusted), expiresAt, subject, metadata, twin.id);
      }
    } else {
      const { lastInsertRowid } = db
        .query(
          `INSERT INTO fact (fact_id, agent, owner, content, digest, subject, metadata, source, trusted, confidence, run_id,
             session_key, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          factId,
          where.agent,
          where.owner,
          content,
          digest,
          subject,
          metadata,
          source,
          Number(fact.trusted),
          confidence,
          fact.runId ?? null,
          fact.sessionKey ?? null,
          now,
          now,
          expiresAt,
        );
      db.query("INSERT INTO fact_text (rowid, words) VALUES (?, ?)").run(lastInsertRowid, indexText(content));
    }
    for (const row of older) if (mayRetire(row)) retireRow(db, row.id, factId, now);
    return {
      fact_id: factId,
      duplicate: twin !== null,
      retired: older.filter(mayRetire).map(toldOf),
      conflicts: older.filter((row) => !mayRetire(row)).map(toldOf),
    };
  }
}

function rivals(db: Database, where: Namespace, subject: string | null): FactRow[] {
  if (subject === null) return [];
  return db
    .query<FactRow, [string, string, string]>(
      "SELECT * FROM fact WHERE agent = ? AND owner = ? AND subject = ? AND retired_at IS NULL ORDER BY id",
    )
    .all(where.agent, where.owner, subject);
}

function retireRow(db: Database, id: number, by: string | null, now: number): void {
  db.query("UPDATE fact SET retired_at = ?, retired_by = ? WHERE id = ?").run(now, by, id);
  db.query("DELETE FROM fact_text WHERE rowid = ?").run(id);
  db.query("DELETE FROM fact_vector WHERE fact = ?").run(id);
}

function sweep(db: Database, now: number): void {
  const gone = db
    .query<{ id: number }, [number, number]>(
      "SELECT id FROM fact WHERE expires_at <= ? AND expires_at IS NOT NULL AND retired_at IS NULL LIMIT ?",
    )
    .all(now, SWEPT);
  for (const { id } of gone) retireRow(db, id, null, now);
}

function findRow(db: Database, { agent, owner }: Namespace, factId: string): FactRow | null {
  return db
    .query<FactRow, [string, string, string]>("SELECT * FROM fact WHERE fact_id = ? AND agent = ? AND owner = ?")
    .get(factId, agent, owner);
}

function toldOf({ fact_id, content }: FactRow): Told {
  return { fact_id, content };
}

function notFound(factId: string): AlephError {
  return new AlephError("not_found", `No fact "${factId}"`, { data: { hint: "memory.list shows those that exist" } });
}
