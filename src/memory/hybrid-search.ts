/** Finds facts by words and, where a model makes vectors, by meaning; keeps the vectors up to date in the background. */
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { FoundFact, FoundFacts, Metadata } from "../sdk/memory.ts";
import type { Store } from "../sdk/store.ts";
import type { Embedder } from "./embedder.ts";
import type { Namespace } from "./fact.ts";
import type { Facts } from "./facts.ts";
import { fuseRanks } from "./ranking.ts";
import type { Vectors } from "./vectors.ts";

export interface HybridSearchOptions {
  readonly store: Store;
  readonly facts: Facts;
  readonly vectors: Vectors;
  readonly embedder: Embedder;
  readonly log: Log;
}

export interface SearchOptions {
  readonly limit: number;
  readonly filter?: Metadata | undefined;
  /** Only what has something to do with the question, rather than all that shares any word with it. */
  readonly telling?: boolean;
}

/** Of each way to search: enough that what both know comes first. */
const CANDIDATES = 60;
const BATCH = 64;
/** Facts that are looked at before others have their turn. */
const LOOKED_AT = 500;
const REST_MS = 60_000;
/** Less alike than this says nothing: even texts about different things have some likeness. */
const LEAST_ALIKE = 0.3;

export class HybridSearch implements Disposable {
  readonly #o: HybridSearchOptions;
  readonly #stop = new AbortController();
  #embedding: Promise<void> | undefined;
  #again = false;
  #restUntil = 0;
  /** All facts up to this row have a vector of this model, so far as they can. */
  #checked: { readonly model: string; readonly upTo: number } = { model: "", upTo: 0 };

  constructor(options: HybridSearchOptions) {
    this.#o = options;
  }

  byWords(where: Namespace, query: string, { limit, ...rest }: SearchOptions): readonly FoundFact[] {
    return this.#fused(where, [this.#o.facts.byWords(where, query, { limit: Math.max(limit, CANDIDATES), ...rest })], {
      limit,
      ...rest,
    });
  }

  /** As `byWords` when there is no model for vectors; `mode` says which. Rejects when the model or the worker does. */
  async byBoth(where: Namespace, query: string, options: SearchOptions, signal: AbortSignal): Promise<FoundFacts> {
    const { facts, vectors, embedder } = this.#o;
    if (!embedder.isSet) return { facts: this.byWords(where, query, options), mode: "text" };
    const limit = Math.max(options.limit, CANDIDATES);
    const { model, vectors: made } = await embedder.embed([query.slice(0, 8000)], signal);
    const near = vectors.nearest(where, { model, vector: made[0]!, limit });
    // While the worker compares.
    const words = facts.byWords(where, query, { ...options, limit });
    const alike = (await near).filter(({ score }) => !options.telling || score >= LEAST_ALIKE);
    if (this.#checked.upTo === 0) this.embedMissing();
    return { facts: this.#fused(where, [words, alike.map(({ fact }) => fact)], options), mode: "hybrid" };
  }

  /** Begins to make the vectors that are not there; nothing without a model for it. */
  embedMissing(): void {
    if (!this.#o.embedder.isSet || this.#stop.signal.aborted) return;
    this.#again = true;
    this.#embedding ??= this.#embedAll().finally(() => {
      this.#embedding = undefined;
    });
  }

  /** Resolves when no vector is missing, or none can be made now. */
  async settled(): Promise<void> {
    await this.#embedding;
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new AlephError("cancelled", "Server is stopping"));
  }

  async #embedAll(): Promise<void> {
    const { embedder, log } = this.#o;
    // Those of the same moment go together.
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() < this.#restUntil) return;
    try {
      const model = await embedder.model(this.#stop.signal);
      if (model !== this.#checked.model) this.#checked = { model, upTo: 0 };
      while (this.#again && !this.#stop.signal.aborted) {
        this.#again = false;
        for (let next = this.#nextFacts(); next !== undefined && !this.#stop.signal.aborted; next = this.#nextFacts()) {
          await this.#embed(next.missing);
          this.#checked = { model, upTo: next.upTo };
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      this.#restUntil = performance.now() + REST_MS;
      log.warn("vectors of facts could not be made; facts are found by their words", describeError(thrown));
    }
  }

  /** The next facts in their order, and which of them have no vector of the model; undefined at the end. */
  #nextFacts(): { readonly upTo: number; readonly missing: readonly MissingRow[] } | undefined {
    const { model, upTo } = this.#checked;
    const rows = this.#o.store.db
      .query<MissingRow & { readonly model: string | null; readonly retired_at: number | null }, [number, number]>(
        `SELECT fact.id, content, model, retired_at FROM fact LEFT JOIN fact_vector ON fact_vector.fact = fact.id
         WHERE fact.id > ? ORDER BY fact.id LIMIT ?`,
      )
      .all(upTo, LOOKED_AT);
    if (rows.length === 0) return undefined;
    const missing = rows.filter((row) => row.retired_at === null && row.model !== model);
    const taken = missing.slice(0, BATCH);
    return { upTo: (missing.length > BATCH ? taken.at(-1) : rows.at(-1))!.id, missing: taken };
  }

  async #embed(missing: readonly MissingRow[]): Promise<void> {
    if (missing.length === 0) return;
    const { store, embedder } = this.#o;
    const texts = missing.map(({ content }) => content);
    const made = await embedder.embed(texts, this.#stop.signal);
    store.writeRelaxed((db) => {
      const drop = db.query("DELETE FROM fact_vector WHERE fact = ?");
      const insert = db.query(
        "INSERT INTO fact_vector (fact, model, vector) SELECT id, ?2, ?3 FROM fact WHERE id = ?1 AND retired_at IS NULL",
      );
      for (const [index, { id }] of missing.entries()) {
        drop.run(id);
        insert.run(id, made.model, made.vectors[index]!);
      }
    });
  }

  #fused(
    where: Namespace,
    lists: readonly (readonly number[])[],
    { limit, filter }: SearchOptions,
  ): readonly FoundFact[] {
    const ranked = fuseRanks(lists);
    const found = this.#o.facts.byIds(
      where,
      ranked.map(({ item }) => item),
      filter,
    );
    return ranked
      .flatMap(({ item, score }) => {
        const fact = found.get(item);
        return fact ? [{ ...fact, score }] : [];
      })
      .slice(0, limit);
  }
}

interface MissingRow {
  readonly id: number;
  readonly content: string;
}
