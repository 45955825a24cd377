/** A whole home in one file: a consistent copy of the database, whether a server runs or not, and the files around it. */
import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { lstat, open, readdir, readFile } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Home } from "../config/home.ts";
import { VERSION } from "../lib/version.ts";
import { AlephError } from "../protocol/errors.ts";
import { databaseVersion } from "./database.ts";
import { type BackedUpFile, MANIFEST, type Manifest } from "./manifest.ts";
import { isLeftOut } from "./members.ts";
import { type TarFile, type TarInput, writeTar } from "./tar.ts";

export interface BackupOptions {
  readonly home: Home;
  /** Must not exist yet. */
  readonly file: string;
  /** With the owner's token and this home's keys. */
  readonly credentials: boolean;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface WrittenBackup {
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
  /** Paths in the home that are neither files nor folders, such as links. */
  readonly skipped: readonly string[];
}

/** Files up to this size are read in one go, so that somebody who writes to them meanwhile does no harm. */
const WHOLE = 8 * 1024 * 1024;

/** Throws `not_found` without a database, `conflict` when `file` exists or a large file changes meanwhile. */
export async function writeBackup({ home, file, credentials, now }: BackupOptions): Promise<WrittenBackup> {
  if (!existsSync(home.database)) {
    throw new AlephError("not_found", `There is nothing to back up in ${home.path}`, {
      data: { hint: "Name another home with --home" },
    });
  }
  if (existsSync(file)) {
    throw new AlephError("conflict", `${file} exists already`, { data: { hint: "Name another file" } });
  }
  const part = `${file}.part-${crypto.randomUUID()}`;
  const copy = `${part}-db`;
  const files: BackedUpFile[] = [];
  const skipped: string[] = [];
  let version = 0;
  const own = resolve(part);
  async function* members(): AsyncGenerator<TarInput> {
    // The database first: what it speaks of was written before it, so that the files that follow hold it all.
    version = copyDatabase(home.database, copy);
    yield hashed({ ...factsOf("aleph.db", copy), modifiedAt: now }, createReadStream(copy), files);
    rmSync(copy);
    if (existsSync(home.config)) yield* member("config.toml", home.config, files);
    for await (const path of walk(home.path, "", { credentials, skipped })) {
      const full = join(home.path, path);
      if (path !== "config.toml" && !resolve(full).startsWith(own) && resolve(full) !== resolve(file)) {
        yield* member(path.split(sep).join("/"), full, files);
      }
    }
    const text = Buffer.from(`${JSON.stringify(manifest(), null, 2)}\n`);
    const facts = { path: MANIFEST, size: text.byteLength, executable: false, modifiedAt: now };
    yield { ...facts, data: Readable.from([text]) };
  }
  const manifest = (): Manifest => ({
    aleph_backup: 1,
    aleph_version: VERSION,
    database_version: version,
    created_at: now,
    credentials,
    files,
  });
  try {
    const out = createWriteStream(part, { flags: "wx", mode: 0o600 });
    await pipeline(Readable.from(writeTar(members())), createGzip({ level: 4 }), out);
    await sync(part);
    place(part, file);
    return { file, bytes: statSync(file).size, manifest: manifest(), skipped };
  } finally {
    rmSync(copy, { force: true });
    rmSync(part, { force: true });
  }
}

function place(part: string, file: string): void {
  try {
    // Unlike a rename it fails where somebody else made the file meanwhile.
    linkSync(part, file);
  } catch (thrown) {
    // A file system without links, as on most USB sticks.
    if (existsSync(file)) throw thrown;
    renameSync(part, file);
  }
}

/** As one moment saw it, also while a server writes; answers with the database's version. */
function copyDatabase(path: string, copy: string): number {
  // Made here, so that nobody else can read it from its first byte on.
  writeFileSync(copy, "", { mode: 0o600, flag: "wx" });
  using database = new Database(path, { readwrite: true, create: false });
  database.run("PRAGMA busy_timeout = 10000");
  database.query("VACUUM INTO ?").run(copy);
  return databaseVersion(copy);
}

async function* walk(
  root: string,
  folder: string,
  options: { readonly credentials: boolean; readonly skipped: string[] },
): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((thrown: NodeJS.ErrnoException) => {
    // Gone since its name was read.
    if (thrown.code === "ENOENT" && folder !== "") return [];
    throw thrown;
  });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === "" ? entry.name : join(folder, entry.name);
    if (folder === "" && isLeftOut(entry.name, options.credentials)) continue;
    if (entry.isDirectory()) yield* walk(root, path, options);
    else if (entry.isFile()) yield path;
    else options.skipped.push(path);
  }
}

/** Nothing when it is gone by now. */
async function* member(path: string, full: string, files: BackedUpFile[]): AsyncGenerator<TarInput> {
  try {
    const stat = await lstat(full);
    const facts = { path, executable: (stat.mode & 0o100) !== 0, modifiedAt: stat.mtimeMs };
    if (stat.size > WHOLE) {
      yield hashed({ ...facts, size: stat.size }, createReadStream(full, { end: stat.size - 1 }), files);
      return;
    }
    const bytes = await readFile(full);
    yield hashed({ ...facts, size: bytes.byteLength }, Readable.from(bytes.byteLength > 0 ? [bytes] : []), files);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}

function factsOf(path: string, full: string): TarFile {
  const { size, mtimeMs } = statSync(full);
  return { path, size, executable: false, modifiedAt: mtimeMs };
}

/** Notes the file's hash once its last byte has gone. */
function hashed(file: TarFile, bytes: AsyncIterable<Uint8Array>, files: BackedUpFile[]): TarInput {
  async function* data() {
    const hash = createHash("sha256");
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
    const { path, size, executable } = file;
    files.push({ path, size, sha256: hash.digest("hex"), executable });
  }
  return { ...file, data: data() };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
