/**
 * Full-text search over all that was said. Triggers note which messages changed and drop those that are gone; their words go into the
 * index at the next search, or a moment later in the background, newest first. Nothing of it happens at a start.
 */
import type { Database } from "bun:sqlite";
import { describeError, type Log } from "../lib/log.ts";
import { pause } from "../lib/pause.ts";
import { indexText, snippetOf, termsOf } from "../lib/search-text.ts";
import { WordSearch } from "../lib/word-search.ts";
import type { MessageRole } from "../protocol/message.ts";
import { canonicalSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";

export interface MessageIndexOptions {
  /** The database on disk: what is ephemeral is in no index. */
  readonly store: Store;
  readonly log: Log;
}

export interface FoundMessage {
  readonly id: string;
  readonly key: string;
  readonly title: string | null;
  readonly role: MessageRole;
  /** Unix milliseconds. */
  readonly ts: number;
  /** The part around what was found. */
  readonly snippet: string;
}

export interface FoundMessages {
  readonly found: readonly FoundMessage[];
  /** Messages that are not searched yet. */
  readonly left: number;
}

const SNIPPET = 300;
/** Messages that a search itself takes into the index first: those since the last one. */
const AT_ONCE = 500;
/** Messages of one transaction in the background, which lets others have their turn in between. */
const BATCH = 100;
const REST_MS = 15;

interface Row {
  readonly id: number;
  readonly content: string;
}

export class MessageIndex implements AsyncDisposable {
  readonly #o: MessageIndexOptions;
  readonly #words: WordSearch;
  readonly #stop = new AbortController();
  #catchingUp: Promise<void> | undefined;

  constructor(options: MessageIndexOptions) {
    this.#o = options;
    this.#words = new WordSearch({ db: options.store.db, table: "message_text", terms: "message_term" });
  }

  /** Best first: those with all words, or if there are none, with some. Only a session's own with `sessionKey`. */
  search(
    query: string,
    { limit, sessionKey }: { readonly limit: number; readonly sessionKey?: string | undefined },
  ): FoundMessages {
    this.#takePending(AT_ONCE);
    const key = sessionKey === undefined ? null : canonicalSessionKey(sessionKey);
    const conditions = {
      sql: "JOIN message ON message.id = message_text.rowid JOIN session ON session.id = session_id WHERE (? IS NULL OR key = ?)",
      values: [key, key],
    };
    const ids = this.#words.find(query, conditions, { limit, all: true });
    const terms = termsOf(query);
    const rows = new Map(this.#rows(ids).map((row) => [row.id, row]));
    const found = ids.flatMap((id) => {
      const row = rows.get(id);
      if (!row) return [];
      const { content, ...rest } = row;
      return [{ ...rest, id: String(id), snippet: snippetOf(content, terms, SNIPPET) }];
    });
    const left = this.left();
    if (left > 0) this.catchUp();
    return { found, left };
  }

  /** How many messages wait to be taken into the index; of those from before there was one, at most so many. */
  left(): number {
    const row = this.#o.store.db
      .query<{ changed: number; old: number }, []>(
        `SELECT (SELECT count(*) FROM message_unindexed) AS changed,
           (SELECT max(0, before - coalesce((SELECT min(id) FROM message), before)) FROM message_index) AS old`,
      )
      .get();
    return row ? row.changed + row.old : 0;
  }

  /** Begins to take in what waits, in the background. */
  catchUp(): void {
    if (this.#stop.signal.aborted) return;
    this.#catchingUp ??= this.#takeAll()
      .catch((thrown: unknown) => {
        if (!this.#stop.signal.aborted) this.#o.log.warn("messages could not be indexed", describeError(thrown));
      })
      .finally(() => {
        this.#catchingUp = undefined;
      });
  }

  /** Resolves when all is in the index, or it was stopped. */
  async settled(): Promise<void> {
    await this.#catchingUp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.settled();
  }

  async #takeAll(): Promise<void> {
    while (!this.#stop.signal.aborted && (this.#takePending(BATCH) || this.#takeOld())) {
      await pause(REST_MS, this.#stop.signal);
    }
  }

  /** Whether there was any. */
  #takePending(limit: number): boolean {
    const { store } = this.#o;
    const ids = store.db
      .query<{ message_id: number }, [number]>(
        "SELECT message_id FROM message_unindexed ORDER BY message_id DESC LIMIT ?",
      )
      .all(limit)
      .map(({ message_id }) => message_id);
    if (ids.length === 0) return false;
    store.writeRelaxed((db) => {
      const rows = db
        .query<Row, [string]>("SELECT id, content FROM message WHERE id IN (SELECT value FROM json_each(?))")
        .all(JSON.stringify(ids));
      for (const row of rows) put(db, row);
      const done = db.query("DELETE FROM message_unindexed WHERE message_id = ?");
      for (const id of ids) done.run(id);
    });
    for (const _id of ids) this.#words.changed();
    return true;
  }

  /** What is from before there was an index; whether there was any. */
  #takeOld(): boolean {
    const { store } = this.#o;
    return store.writeRelaxed((db) => {
      const rows = db
        .query<Row & { readonly wanted: number }, [number]>(
          `SELECT message.id, content, role IN ('user', 'assistant') AND kind <> 'guest' AS wanted
           FROM message JOIN session ON session.id = session_id
           WHERE message.id < (SELECT before FROM message_index) ORDER BY message.id DESC LIMIT ?`,
        )
        .all(BATCH);
      for (const row of rows) if (row.wanted === 1) put(db, row);
      db.query("UPDATE message_index SET before = ?").run(rows.at(-1)?.id ?? 0);
      return rows.length > 0;
    });
  }

  #rows(ids: readonly number[]) {
    return this.#o.store.db
      .query<Omit<FoundMessage, "id" | "snippet"> & Row, [string]>(
        `SELECT message.id, key, title, role, ts, content FROM message JOIN session ON session.id = session_id
         WHERE message.id IN (SELECT value FROM json_each(?))`,
      )
      .all(JSON.stringify(ids));
  }
}

function put(db: Database, { id, content }: Row): void {
  db.query("DELETE FROM message_text WHERE rowid = ?").run(id);
  if (content !== "") db.query("INSERT INTO message_text (rowid, words) VALUES (?, ?)").run(id, indexText(content));
}
