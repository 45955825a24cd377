/** The files of a conversation that was deleted: what nothing else mentions goes too. */
import type { Database } from "bun:sqlite";
import { describeError, type Log } from "../lib/log.ts";
import type { Media } from "../media/media.ts";
import { MEDIA_IDS } from "../protocol/media-id.ts";
import type { Stores } from "./stores.ts";

export interface UnusedMediaOptions {
  readonly stores: Stores;
  readonly media: Pick<Media, "release" | "remove">;
  readonly log: Log;
}

/** As `LIKE` writes it: an underscore alone stands for any letter. */
const MENTION = "'%media~_%' ESCAPE '~'";
/** Rows that are looked at before others get their turn. */
const ROWS = 200;

/** What may hold words of any kind, a table each. */
interface Words {
  readonly table: string;
  readonly columns: readonly string[];
  readonly hasRowid: boolean;
}

/** The media ids that a conversation mentions, and the pictures and videos that were made in it. */
export function mediaOf(db: Database, { id, key }: { readonly id: number; readonly key: string }): readonly string[] {
  const found = db.query<{ text: string }, [number, string]>(
    `SELECT parts AS text FROM message WHERE session_id = ?1 AND parts LIKE ${MENTION}
     UNION ALL SELECT request FROM run WHERE session_id = ?1 AND request LIKE ${MENTION}
     UNION ALL SELECT media FROM generation WHERE session_key = ?2 AND media LIKE ${MENTION}`,
  );
  return [...new Set(found.all(id, key).flatMap(({ text }) => text.match(MEDIA_IDS) ?? []))];
}

/**
 * Whatever is written anywhere in a database counts as a mention, so that no table that comes later can be forgotten. The work is
 * done beside the rest; what is deleted meanwhile is looked for together behind it. What a stop leaves undone stays.
 */
export class UnusedMedia implements AsyncDisposable {
  readonly #o: UnusedMediaOptions;
  #next = new Set<string>();
  #work: Promise<void> | undefined;
  #isOver = false;

  constructor(options: UnusedMediaOptions) {
    this.#o = options;
  }

  /** Never throws: what fails is logged, and then the files stay. */
  remove(sessionKey: string, mediaIds: readonly string[]): void {
    if (mediaIds.length === 0) return;
    for (const id of mediaIds) {
      this.#o.media.release(id, sessionKey);
      this.#next.add(id);
    }
    this.#work ??= this.#removeAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #removeAll(): Promise<void> {
    while (this.#next.size > 0 && !this.#isOver) {
      const unused = this.#next;
      this.#next = new Set();
      try {
        await this.#remove(unused);
      } catch (thrown) {
        this.#o.log.warn("files of a deleted session could not be removed", describeError(thrown));
      }
    }
    this.#work = undefined;
  }

  async #remove(unused: Set<string>): Promise<void> {
    const { stores, media } = this.#o;
    const seen = new Map<Database, Map<string, number>>();
    for (const { db } of stores.all()) {
      const places = new Map<string, number>();
      seen.set(db, places);
      for (const _ of look(db, places, unused)) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#isOver) return;
      }
    }
    // What came meanwhile, and from here to the end nothing comes in between.
    for (const { db } of stores.all()) {
      const again = look(db, seen.get(db) ?? new Map(), unused);
      while (again.next().done !== true);
    }
    for (const id of unused) media.remove(id);
  }
}

/** Takes out of `unused` what is mentioned behind `places`, which it moves on; it yields between pieces of work. */
function* look(db: Database, places: Map<string, number>, unused: Set<string>): Generator<void, void, undefined> {
  for (const { table, columns, hasRowid } of wordsOf(db)) {
    const mentions = columns.map((column) => `"${column}" LIKE ${MENTION}`).join(" OR ");
    // Together they are one text: what is NULL would make all of it so.
    const text = columns.map((column) => `coalesce("${column}", '')`).join(" || ' ' || ");
    const select = `SELECT ${text} AS text FROM "${table}"`;
    const strike = (found: readonly { readonly text: string }[]) => {
      for (const { text } of found) for (const id of text.match(MEDIA_IDS) ?? []) unused.delete(id);
    };
    if (!hasRowid) {
      strike(db.query<{ text: string }, []>(`${select} WHERE ${mentions}`).all());
      yield;
      continue;
    }
    const next = db.query<{ upto: number | null }, [number, number]>(
      `SELECT max(rowid) AS upto FROM (SELECT rowid FROM "${table}" WHERE rowid > ? ORDER BY rowid LIMIT ?)`,
    );
    const piece = db.query<{ text: string }, [number, number]>(
      `${select} WHERE rowid > ? AND rowid <= ? AND (${mentions})`,
    );
    for (;;) {
      if (unused.size === 0) return;
      const from = places.get(table) ?? Number.MIN_SAFE_INTEGER;
      const upto = next.get(from, ROWS)?.upto ?? undefined;
      if (upto === undefined) break;
      strike(piece.all(from, upto));
      places.set(table, upto);
      yield;
    }
  }
}

function wordsOf(db: Database): readonly Words[] {
  const tables = db
    .query<{ name: string; wr: number }, []>(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    )
    .all();
  return tables.flatMap(({ name, wr }) => {
    const columns = db
      .query<{ name: string }, [string]>("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'")
      .all(name);
    return columns.length === 0
      ? []
      : [{ table: name, columns: columns.map((column) => column.name), hasRowid: wr === 0 }];
  });
}
