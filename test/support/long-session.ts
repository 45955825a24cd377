/** A session of as many messages as nobody would wait for, written straight into the database. */
import { Database } from "bun:sqlite";

export interface LongSession {
  readonly database: string;
  /** Of a session that exists. */
  readonly key: string;
  readonly count: number;
  readonly textOf: (index: number) => string;
  /** Unix milliseconds of message `index`. */
  readonly tsOf?: (index: number) => number;
}

/** Questions and answers in turns. */
export function fillSession({ database, key, count, textOf, tsOf = (index) => index + 1 }: LongSession): void {
  using db = new Database(database, { strict: true });
  const session = db.query<{ id: number }, [string]>("SELECT id FROM session WHERE key = ?").get(key);
  if (!session) throw new Error(`There is no session ${key}`);
  const insert = db.query(
    "INSERT INTO message (session_id, run_id, role, content, parts, status, model, ts) VALUES (?, NULL, ?, ?, ?, 'complete', ?, ?)",
  );
  db.transaction(() => {
    for (let index = 0; index < count; index++) {
      const text = textOf(index);
      const parts = JSON.stringify([{ type: "text", text }]);
      const isUser = index % 2 === 0;
      insert.run(session.id, isUser ? "user" : "assistant", text, parts, isUser ? null : "fake/m", tsOf(index));
    }
    db.run("UPDATE message SET position = id WHERE session_id = ?", [session.id]);
  })();
}

/** What people and models write: words, lists and code, of many lengths. */
export function talkOf(index: number): string {
  const number = Math.floor(index / 2);
  if (index % 2 === 0) return `Question ${number}: ${"why and how? ".repeat(1 + (number % 5))}`;
  return `Answer ${number}\n\n${"Some words that fill a line or two, then more. ".repeat(1 + (number % 17))}\n\n- one\n- two\n\n\`\`\`ts\nconst a = ${number};\n\`\`\``;
}
