/** What a disk, the file of the database or the kernel has to say, by its code: in words, with a next step. */

interface SystemFailure {
  readonly reason: "storage_failed" | "overloaded";
  readonly message: string;
  readonly hint: string;
}

const ANEW = "Move the file away to start anew, or restore a backup; nothing was changed";
const WRITABLE = "Make ALEPH_HOME writable for the user that runs Aleph";
const FULL = { message: "Disk is full", hint: "Free some space; what was acknowledged is safe" };
const BROKEN = {
  message: "Disk reports an error",
  hint: "Look after the disk and start Aleph again; what was acknowledged before is kept",
};
const READ_ONLY = {
  message: "File system is read-only",
  hint: "Make it writable again, or use another folder with --home",
};

/** The code begins so: SQLite says `SQLITE_CORRUPT_INDEX` and the like. */
const STORAGE: readonly (readonly [code: string, failure: Omit<SystemFailure, "reason">])[] = [
  ["SQLITE_FULL", FULL],
  ["ENOSPC", FULL],
  ["EDQUOT", FULL],
  ["SQLITE_READONLY", { message: "Database is read-only", hint: WRITABLE }],
  ["SQLITE_CANTOPEN", { message: "Database cannot be opened", hint: WRITABLE }],
  ["SQLITE_IOERR", BROKEN],
  ["EIO", BROKEN],
  ["EROFS", READ_ONLY],
  ["SQLITE_NOTADB", { message: "Database cannot be used: it is not a SQLite file", hint: ANEW }],
  ["SQLITE_CORRUPT", { message: "Database is corrupt", hint: ANEW }],
  ["SQLITE_BUSY", { message: "Database is in use by another program", hint: "Close the other program and try again" }],
];

const OPEN_FILES = {
  reason: "overloaded",
  message: "Too many files are open",
  hint: "Try again; if it stays so, raise the limit of open files of the server (ulimit -n, LimitNOFILE)",
} as const;

/** Undefined when it is no fault of theirs, as an error in a query is. */
export function systemFailureOf(thrown: unknown): SystemFailure | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  const code = String(thrown.code);
  if (code === "EMFILE" || code === "ENFILE") return OPEN_FILES;
  const found = STORAGE.find(([prefix]) => code.startsWith(prefix))?.[1];
  return found && { reason: "storage_failed", ...found };
}
