/**
 * The SQLite file: opened once, migrated forward, written by one connection whose commits share their sync.
 *
 * A commit goes into the WAL without a sync (`synchronous = NORMAL`: atomic, survives a killed process), and whoever
 * needs durability waits for an `fdatasync` of the WAL that began after the commit. That is what `synchronous = FULL`
 * does inside each commit (https://www.sqlite.org/wal.html#performance_considerations), but off the event loop and once
 * for all who wait. Where the platform's `fdatasync` does not reach the disk itself, FULL is used instead.
 */
import { Database, SQLiteError } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  existsSync,
  fdatasync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { syncFolder } from "../lib/atomic-write.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import { systemFailureOf } from "../protocol/system-failures.ts";
import type { Store } from "../sdk/store.ts";
import { APPLICATION_ID } from "./application-id.ts";
import { migrations } from "./migrations/index.ts";

/** Idle time after which the WAL is folded into the database file. */
const CHECKPOINT_AFTER_MS = 5_000;

export interface OpenStore extends Store, AsyncDisposable {}

export interface StoreOptions {
  readonly log: Log;
  /** `async` syncs beside the event loop, `commit` inside each commit. Default: `async` where that is safe. */
  readonly sync?: "async" | "commit";
  /** Called once, when a sync has failed: from then on nothing is written, until the file is opened anew. */
  readonly onLost?: (failure: AlephError) => void;
}

/** More than there are in the sources; queries made of lists come and go. */
const MAX_PREPARED = 512;

/**
 * `:memory:` opens a database that is gone with the process. Throws `storage_failed` when the file is not ours, is
 * corrupt or cannot be written, and `conflict` when a newer Aleph made it.
 */
export function openStore(path: string, { log, sync, onLost }: StoreOptions): OpenStore {
  const inMemory = path === ":memory:";
  const isNew = inMemory || !existsSync(path);
  const wasEmpty = !isNew && statSync(path).size === 0 && existsSync(`${path}-wal`);
  if (wasEmpty) throw corrupt(path, "the file is empty");
  const mode = inMemory ? "none" : (sync ?? (process.platform === "linux" ? "async" : "commit"));
  let db: Database | undefined;
  // Bun keeps 20 prepared queries and prepares the others at each use, which was a sixth of a turn.
  Database.MAX_QUERY_CACHE_SIZE = MAX_PREPARED;
  try {
    db = new Database(path, { strict: true });
    if (isNew && !inMemory && process.platform !== "win32") chmodSync(path, 0o600);
    prepare(db, mode);
    migrate(db, path, isNew, log);
  } catch (cause) {
    db?.close();
    throw storageError(cause, path);
  }
  return new SqliteStore(db, path, mode, { log, onLost });
}

class SqliteStore implements OpenStore {
  readonly db: Database;
  readonly #path: string;
  readonly #mode: "async" | "commit" | "none";
  readonly #log: Log;
  readonly #onLost: StoreOptions["onLost"];
  #wal: number | undefined;
  #waiting: PromiseWithResolvers<void>[] = [];
  #syncing: Promise<void> | undefined;
  #failure: AlephError | undefined;
  #checkpoint: Timer | undefined;

  constructor(
    db: Database,
    path: string,
    mode: "async" | "commit" | "none",
    { log, onLost }: Pick<StoreOptions, "log"> & { readonly onLost: StoreOptions["onLost"] },
  ) {
    this.db = db;
    this.#path = path;
    this.#mode = mode;
    this.#log = log;
    this.#onLost = onLost;
  }

  get failure(): AlephError | undefined {
    return this.#failure;
  }

  async write<T>(work: (db: Database) => T): Promise<T> {
    const result = this.writeRelaxed(work);
    if (this.#mode === "async") await this.#durable();
    return result;
  }

  writeRelaxed<T>(work: (db: Database) => T): T {
    if (this.#failure) throw this.#failure;
    try {
      this.db.query("BEGIN IMMEDIATE").run();
    } catch (cause) {
      throw storageError(cause, this.#path);
    }
    try {
      const result = work(this.db);
      this.db.query("COMMIT").run();
      this.#checkpointWhenIdle();
      return result;
    } catch (cause) {
      // A full disk ends the transaction by itself; then there is nothing to roll back.
      if (this.db.inTransaction) this.db.query("ROLLBACK").run();
      throw cause instanceof SQLiteError ? storageError(cause, this.#path) : cause;
    }
  }

  #durable(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiting.push(waiter);
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return waiter.promise;
  }

  async #sync(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        this.#wal ??= openSync(`${this.#path}-wal`, "r+");
        await syncFile(this.#wal);
        for (const waiter of batch) waiter.resolve();
      } catch (cause) {
        // After a failed sync the kernel may have dropped the pages: nothing written since can be trusted (fsyncgate).
        this.#failure = storageError(cause, this.#path);
        this.#log.error("database cannot be synced; nothing more is written", describeError(cause));
        for (const waiter of [...batch, ...this.#waiting.splice(0)]) waiter.reject(this.#failure);
        this.#onLost?.(this.#failure);
      }
    }
  }

  #checkpointWhenIdle(): void {
    if (this.#mode === "none") return;
    if (this.#checkpoint) {
      this.#checkpoint.refresh();
      return;
    }
    this.#checkpoint = setTimeout(() => {
      this.#checkpoint = undefined;
      try {
        this.db.run("PRAGMA wal_checkpoint(PASSIVE)");
      } catch (cause) {
        this.#log.warn("checkpoint failed", describeError(cause));
      }
    }, CHECKPOINT_AFTER_MS);
    this.#checkpoint.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#checkpoint);
    await this.#syncing;
    if (this.#wal !== undefined) closeSync(this.#wal);
    this.db.close();
  }
}

function prepare(db: Database, mode: "async" | "commit" | "none"): void {
  db.run("PRAGMA foreign_keys = ON");
  if (mode === "none") return;
  db.run("PRAGMA journal_mode = WAL");
  db.run(`PRAGMA synchronous = ${mode === "commit" ? "FULL" : "NORMAL"}`);
  if (process.platform === "darwin") db.run("PRAGMA fullfsync = ON");
  db.run("PRAGMA busy_timeout = 5000");
  db.run("PRAGMA wal_autocheckpoint = 4000");
  db.run("PRAGMA journal_size_limit = 67108864");
}

function migrate(db: Database, path: string, isNew: boolean, log: Log): void {
  const version = pragma(db, "user_version");
  if (version === migrations.length) {
    if (pragma(db, "application_id") !== APPLICATION_ID) throw corrupt(path, "it is not a database of Aleph");
    return;
  }
  if (version > migrations.length) {
    const saved = copyOf(path, migrations.length);
    throw new AlephError(
      "conflict",
      `Database is of a newer Aleph: version ${version}, this one knows ${migrations.length}`,
      {
        data: {
          hint: existsSync(saved)
            ? `Update aleph-server, or go back to what was saved before the update, without what came since: remove "${path}-wal" and "${path}-shm", and rename "${saved}" to "${path}"`
            : "Update aleph-server, or restore a backup",
        },
      },
    );
  }
  // A first start that was cut short leaves a header and no table in it: still new.
  const isUnused = version === 0 && pragma(db, "schema_version") === 0 && pragma(db, "application_id") === 0;
  if (!isNew && !isUnused) {
    if (pragma(db, "application_id") !== APPLICATION_ID) throw corrupt(path, "it is not a database of Aleph");
    const backup = copyOf(path, version);
    saveCopy(db, backup);
    log.info("database saved before its migration", { backup });
  }
  db.transaction(() => {
    for (const step of migrations.slice(version)) db.run(step);
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.run(`PRAGMA user_version = ${migrations.length}`);
  }).immediate();
}

/** Where a database is saved before it leaves a version. */
function copyOf(path: string, version: number): string {
  return `${path}.v${version}.bak`;
}

/** Whole or not at all, for the owner alone, and in the place of one that an earlier try or a way back has left. */
function saveCopy(db: Database, to: string): void {
  const temporary = `${to}.new`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", 0o600);
  try {
    db.query("VACUUM INTO ?").run(temporary);
    fsyncSync(file);
    renameSync(temporary, to);
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(to));
}

function pragma(db: Database, name: string): number {
  const row = db.query<Record<string, number>, []>(`PRAGMA ${name}`).get();
  return row?.[name] ?? 0;
}

function syncFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
}

function corrupt(path: string, why: string): AlephError {
  return new AlephError("storage_failed", `Database cannot be used: ${why}`, {
    cause: new Error(path),
    data: { hint: "Move the file away to start anew, or restore a backup; nothing was changed" },
  });
}

/** Says what is wrong with the disk or the file in words. */
function storageError(cause: unknown, path: string): AlephError {
  if (cause instanceof AlephError) return cause;
  const isClosed = typeof cause === "object" && cause !== null && "code" in cause && cause.code === "EACCES";
  const { message, hint } = systemFailureOf(isClosed ? { code: "SQLITE_CANTOPEN" } : cause) ?? {
    message: "Database cannot be written",
    hint: "See the log for the cause",
  };
  return new AlephError("storage_failed", message, { cause: cause ?? new Error(path), data: { hint } });
}
