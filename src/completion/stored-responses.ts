/** Responses that are kept: found by id, taken up again by the next request, and forgotten after thirty days. */
import type { Database } from "bun:sqlite";
import type { Body } from "../dialects/dialect.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Store } from "../sdk/store.ts";

export type Item = Record<string, unknown>;

export interface StoredResponse {
  readonly id: string;
  readonly previousId: string | undefined;
  /** The provider that keeps it as well. */
  readonly provider: string | undefined;
  readonly body: Item;
  readonly input: readonly Item[];
}

const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** Requests that one may go back to; whoever made a longer chain is told. */
const MAX_CHAIN = 1_000;

export class StoredResponses {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  find(identity: string, id: string): StoredResponse | undefined {
    const row = this.#store.db
      .query<Row, [string, string]>("SELECT * FROM response WHERE id = ? AND identity = ?")
      .get(id, identity);
    if (row === null) return undefined;
    return {
      id: row.id,
      previousId: row.previous_id ?? undefined,
      provider: row.provider ?? undefined,
      body: JSON.parse(row.body) as Item,
      input: JSON.parse(row.input) as Item[],
    };
  }

  /** Throws `not_found`. */
  get(identity: string, id: string): StoredResponse {
    const found = this.find(identity, id);
    if (found === undefined) throw new AlephError("not_found", `Response with id ${JSON.stringify(id)} not found`);
    return found;
  }

  /** Resolves when it is on disk; one with the same id is replaced. */
  async put(identity: string, { id, previousId, provider, body, input }: StoredResponse): Promise<void> {
    const now = this.#now();
    await this.#store.write((db) => {
      db.query("DELETE FROM response WHERE created_at < ?").run(now - KEPT_MS);
      db.query("DELETE FROM response WHERE id = ? AND identity = ?").run(id, identity);
      db.query(
        "INSERT INTO response (id, identity, previous_id, provider, body, input, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ).run(id, identity, previousId ?? null, provider ?? null, JSON.stringify(body), JSON.stringify(input), now);
      insertItems(db, id, body);
    });
  }

  /** Throws `not_found`. */
  async delete(identity: string, id: string): Promise<void> {
    const { changes } = await this.#store.write((db) =>
      db.query("DELETE FROM response WHERE id = ? AND identity = ?").run(id, identity),
    );
    if (changes === 0) throw new AlephError("not_found", `Response with id ${JSON.stringify(id)} not found`);
  }

  /** What was said up to and with the response, oldest first. Throws `not_found` when a part of it is gone. */
  history(identity: string, id: string): Item[] {
    const turns: Item[][] = [];
    for (let at: string | undefined = id; at !== undefined; ) {
      if (turns.length === MAX_CHAIN) throw new AlephError("limit_reached", "The conversation has too many responses");
      const { input, body, previousId } = this.get(identity, at);
      turns.push([...input, ...((body.output ?? []) as Item[])]);
      at = previousId;
    }
    return turns.toReversed().flat();
  }

  /** The items with references replaced by what they name. Throws `invalid_params` for one that names nothing. */
  resolve(identity: string, items: readonly Item[]): Item[] {
    return items.map((item, index) => {
      if (item.type !== "item_reference") return item;
      const row = this.#store.db
        .query<{ item: string }, [string, string]>(
          "SELECT item FROM response_item JOIN response ON response.id = response_id WHERE response_item.id = ? AND identity = ?",
        )
        .get(String(item.id), identity);
      if (row !== null) return JSON.parse(row.item) as Item;
      throw new AlephError("invalid_params", `Item with id ${JSON.stringify(item.id)} not found`, {
        data: { param: `input.${index}.id` },
      });
    });
  }
}

function insertItems(db: Database, responseId: string, body: Item): void {
  const insert = db.query("INSERT OR REPLACE INTO response_item (id, response_id, item) VALUES (?, ?, ?)");
  for (const item of (body.output ?? []) as Item[]) {
    if (typeof item.id === "string") insert.run(item.id, responseId, JSON.stringify(item));
  }
}

/** `input` as a list of items, each with an id. */
export function inputItems(body: Body, createId: () => string): Item[] {
  const { input } = body;
  const items: readonly Item[] =
    typeof input === "string"
      ? [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }]
      : (input as Item[]);
  return items.map((item) => {
    const typed = item.type === undefined && "role" in item ? { type: "message", ...item } : item;
    return typeof typed.id === "string" ? typed : { id: createId(), ...typed };
  });
}

interface Row {
  readonly id: string;
  readonly previous_id: string | null;
  readonly provider: string | null;
  readonly body: string;
  readonly input: string;
}
