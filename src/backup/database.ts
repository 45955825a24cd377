/** What can be said of a database file without opening it as the server does, which would migrate it. */
import { Database } from "bun:sqlite";
import { AlephError } from "../protocol/errors.ts";
import { APPLICATION_ID } from "../store/application-id.ts";
import { migrations } from "../store/migrations/index.ts";

export function databaseVersion(path: string): number {
  using database = new Database(path, { readonly: true });
  return pragma(database, "user_version");
}

/** Throws `invalid_params` for what is no sound database of Aleph, `conflict` for one of a newer version. */
export function checkDatabase(path: string): void {
  using database = new Database(path, { readonly: true });
  if (pragma(database, "application_id") !== APPLICATION_ID) throw unusable("its database is not one of Aleph");
  const version = pragma(database, "user_version");
  if (version > migrations.length) {
    throw new AlephError(
      "conflict",
      `The backup is of a newer Aleph: its database has version ${version}, this one knows ${migrations.length}`,
      { data: { hint: "Update aleph-server; nothing was changed" } },
    );
  }
  const [first] = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
  if (first?.quick_check !== "ok") throw unusable(`its database is damaged: ${first?.quick_check ?? "no answer"}`);
}

export function unusable(why: string): AlephError {
  return new AlephError("invalid_params", `The backup cannot be used: ${why}`, {
    data: { hint: "Nothing was changed" },
  });
}

function pragma(database: Database, name: string): number {
  return database.query<Record<string, number>, []>(`PRAGMA ${name}`).get()?.[name] ?? 0;
}
