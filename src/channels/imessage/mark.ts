/** How far the messages of an account were read, kept so that what came while no process ran is read, too. */
import type { Store } from "../../sdk/store.ts";

export function readMark({ db }: Store, account: string): number | undefined {
  return db.query<{ mark: number }, [string]>("SELECT mark FROM imessage_mark WHERE account = ?").get(account)?.mark;
}

export function writeMark(store: Store, account: string, mark: number): void {
  store.writeRelaxed((db) =>
    db.query("INSERT OR REPLACE INTO imessage_mark (account, mark) VALUES (?, ?)").run(account, mark),
  );
}
