/** The name of a database, by which those who come again know whose server they speak with. */
import { createId } from "../lib/id.ts";
import type { Store } from "../sdk/store.ts";

const NAME = "instance_id";

/** Made at the first call and the same from then on, also in a copy of the database. Resolves when it is durable. */
export async function ensureInstanceId(store: Pick<Store, "db" | "write">): Promise<string> {
  const kept = store.db.query<{ value: string }, [string]>("SELECT value FROM meta WHERE name = ?").get(NAME)?.value;
  if (kept !== undefined) return kept;
  const made = createId("srv");
  await store.write((db) => db.query("INSERT INTO meta VALUES (?, ?)").run(NAME, made));
  return made;
}
