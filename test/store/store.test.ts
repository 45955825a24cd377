import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { migrations } from "../../src/store/migrations/index.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const { log } = testLog();

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each(["async", "commit"] as const)("store keeps what a write with %s sync acknowledged", async (sync) => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  const store = openStore(path, { log, sync });
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      store.write((db) => {
        db.query("INSERT INTO meta VALUES (?, ?)").run(`key${index}`, String(index));
        return index;
      }),
    ),
  );
  expect(results).toEqual(Array.from({ length: 50 }, (_, index) => index));
  await store[Symbol.asyncDispose]();
  const again = openStore(path, { log });
  expect(again.db.query("SELECT count(*) AS count FROM meta").get()).toEqual({ count: 50 });
  await again[Symbol.asyncDispose]();
});

test("store takes back all of a write that throws and passes the error on", async () => {
  await using folder = await testFolder();
  const store = openStore(join(folder.path, "aleph.db"), { log });
  const failed = await store
    .write((db) => {
      db.query("INSERT INTO meta VALUES ('a', '1')").run();
      throw new Error("no");
    })
    .catch((error: Error) => error.message);
  expect(failed).toBe("no");
  expect(store.db.query("SELECT * FROM meta").all()).toEqual([]);
  await store.write((db) => db.query("INSERT INTO meta VALUES ('b', '2')").run());
  expect(store.db.query("SELECT name FROM meta").all()).toEqual([{ name: "b" }]);
  await store[Symbol.asyncDispose]();
});

test("store file is readable by its owner alone", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  const store = openStore(path, { log });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await store[Symbol.asyncDispose]();
});

test("store refuses a database of a newer version and leaves it alone", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  await openStore(path, { log })[Symbol.asyncDispose]();
  const newer = new Database(path);
  newer.run(`PRAGMA user_version = ${migrations.length + 1}`);
  newer.close();
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    reason: "conflict",
    data: { hint: expect.stringContaining("Update") },
  });
});

test("store refuses a database of another program", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  const other = new Database(path);
  other.run("CREATE TABLE t (a)");
  other.close();
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    reason: "storage_failed",
    message: "Database cannot be used: it is not a database of Aleph",
  });
});

test("store begins anew where a first start was cut short before the first table", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  const cut = new Database(path);
  cut.run("PRAGMA journal_mode = WAL");
  cut.close();
  await using store = openStore(path, { log });
  expect(await store.write((db) => db.query("SELECT count(*) AS count FROM session").get())).toEqual({ count: 0 });
});

test("store refuses a file that is not SQLite", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  writeFileSync(path, "this is not a database, and it is long enough to be looked at as if it were one".repeat(20));
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    reason: "storage_failed",
    message: "Database cannot be used: it is not a SQLite file",
  });
});

test("store refuses an emptied file that has a WAL beside it", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  await openStore(path, { log })[Symbol.asyncDispose]();
  truncateSync(path, 0);
  writeFileSync(`${path}-wal`, "");
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    reason: "storage_failed",
    message: "Database cannot be used: the file is empty",
  });
});

/** A database of the version before the first, with one row. */
async function makeOlder(path: string): Promise<void> {
  await openStore(path, { log })[Symbol.asyncDispose]();
  const older = new Database(path);
  for (const { name } of older
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()) {
    older.run(`DROP TABLE IF EXISTS ${name}`);
  }
  older.run("CREATE TABLE kept (a)");
  older.run("INSERT INTO kept VALUES ('now')");
  older.run("PRAGMA user_version = 0");
  older.close();
}

test.each([
  ["where there is none", undefined],
  ["over one that was cut short", "SQLite format 3"],
])("store saves a copy of an older database before it migrates, %s", async (_, left) => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  await makeOlder(path);
  const copy = `${path}.v0.bak`;
  if (left !== undefined) writeFileSync(copy, left);
  await openStore(path, { log })[Symbol.asyncDispose]();
  using saved = new Database(copy, { readonly: true });
  expect(saved.query("SELECT a FROM kept").all()).toEqual([{ a: "now" }]);
  expect(readdirSync(folder.path).toSorted()).toEqual(["aleph.db", "aleph.db.v0.bak"]);
  if (process.platform !== "win32") expect(statSync(copy).mode & 0o777).toBe(0o600);
});

test("store says how to go back from a database of a newer Aleph", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  await openStore(path, { log })[Symbol.asyncDispose]();
  const known = migrations.length;
  const newer = new Database(path);
  newer.run(`PRAGMA user_version = ${known + 1}`);
  newer.close();
  const message = `Database is of a newer Aleph: version ${known + 1}, this one knows ${known}`;
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    message,
    data: { hint: "Update aleph-server, or restore a backup" },
  });
  const saved = `${path}.v${known}.bak`;
  writeFileSync(saved, "");
  expect(errorOf(() => openStore(path, { log }))).toMatchObject({
    message,
    data: {
      hint: `Update aleph-server, or go back to what was saved before the update, without what came since: remove "${path}-wal" and "${path}-shm", and rename "${saved}" to "${path}"`,
    },
  });
});

test("store says that the database is read-only and keeps reading", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "aleph.db");
  const store = openStore(path, { log });
  store.db.run("PRAGMA query_only = ON");
  const error = await store
    .write((db) => db.query("INSERT INTO meta VALUES ('a', '1')").run())
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ reason: "storage_failed", message: "Database is read-only" });
  expect(store.db.query("SELECT * FROM meta").all()).toEqual([]);
  await store[Symbol.asyncDispose]();
});

test("store in memory writes without a file", async () => {
  const store = openStore(":memory:", { log });
  await store.write((db) => db.query("INSERT INTO meta VALUES ('a', '1')").run());
  expect(store.db.query("SELECT * FROM meta").all()).toEqual([{ name: "a", value: "1" }]);
  await store[Symbol.asyncDispose]();
});
