/** Asks SQLite whether a database is sound, beside the event loop. It is carried as text and runs alone: it imports nothing of Aleph. */
import { Database } from "bun:sqlite";

/** `error`: why it could not be asked. */
export interface Answer {
  readonly said?: string;
  /** How many migrations it has had. */
  readonly version?: number;
  readonly error?: string;
}

self.addEventListener("message", ({ data: path }: MessageEvent<string>) => {
  let answer: Answer;
  try {
    using database = new Database(path, { readonly: true });
    const [first] = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
    const { user_version: version } = database.query<{ user_version: number }, []>("PRAGMA user_version").get()!;
    answer = { said: first?.quick_check ?? "no answer", version };
  } catch (thrown) {
    answer = { error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
  self.postMessage(answer);
});
