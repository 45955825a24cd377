/** A home from a backup: unpacked beside what is there, checked to the last byte, and only then put in its place. */

import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  cpSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createGunzip } from "node:zlib";
import type { Home } from "../config/home.ts";
import { claimHome } from "../config/instance.ts";
import { syncFolder } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";
import { checkDatabase, unusable } from "./database.ts";
import { type BackedUpFile, MANIFEST, type Manifest, parseManifest } from "./manifest.ts";
import { ASIDE, isOfRestore, isSafePath, STAGING } from "./members.ts";
import { readTar, type TarInput } from "./tar.ts";

export interface RestoreOptions {
  readonly home: Home;
  readonly file: string;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where what was in the home is now; nothing when it was empty. */
  readonly aside: string | undefined;
  /** Whether the home's own credentials stayed, because the backup has none. */
  readonly keptCredentials: boolean;
}

const MAX_MANIFEST = 256 * 1024 * 1024;

/**
 * Throws `conflict` while a server or a command has the home, or when the backup is of a newer version; `invalid_params`
 * when a byte of it is not what it was. The home is as before then.
 */
export async function restoreBackup({ home, file, now }: RestoreOptions): Promise<Restored> {
  if (!existsSync(file)) throw new AlephError("not_found", `There is no file ${file}`);
  mkdirSync(home.run, { recursive: true, mode: 0o700 });
  if (process.platform !== "win32") chmodSync(home.path, 0o700);
  // Held to the end: nobody starts on a home that is half there.
  using _claim = await claimHome(home);
  const staging = join(home.path, `${STAGING}${crypto.randomUUID()}`);
  mkdirSync(staging, { mode: 0o700 });
  try {
    const manifest = await unpack(file, staging);
    checkDatabase(join(staging, "aleph.db"));
    const keptCredentials = !manifest.credentials && existsSync(home.credentials);
    if (keptCredentials) cpSync(home.credentials, join(staging, "credentials"), { recursive: true });
    const aside = join(home.path, `${ASIDE}${stamp(now)}`);
    return { manifest, aside: exchange(home.path, staging, aside), keptCredentials };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function unpack(file: string, staging: string): Promise<Manifest> {
  const found = new Map<string, Omit<BackedUpFile, "path">>();
  let manifest: Manifest | undefined;
  const compressed = createReadStream(file);
  const plain = compressed.pipe(createGunzip());
  compressed.on("error", (error) => plain.destroy(error));
  try {
    for await (const entry of readTar(plain)) {
      if (manifest) throw unusable("files follow its list of files");
      if (entry.path === MANIFEST) manifest = await readManifest(entry);
      else if (!isSafePath(entry.path) || found.has(entry.path))
        throw unusable(`the path ${JSON.stringify(entry.path)}`);
      else found.set(entry.path, await writeEntry(entry, join(staging, ...entry.path.split("/"))));
    }
  } catch (thrown) {
    const code = String((thrown as NodeJS.ErrnoException).code ?? "");
    if (code.startsWith("Z_") || code.startsWith("ERR_ZLIB")) throw unusable("it is cut off, or no backup of Aleph");
    throw thrown;
  } finally {
    compressed.destroy();
    plain.destroy();
  }
  if (!manifest) throw unusable("its list of files is missing");
  for (const { path, ...facts } of manifest.files) {
    if (!Bun.deepEquals(found.get(path), facts)) throw unusable(`the file ${JSON.stringify(path)} is not what it was`);
    found.delete(path);
  }
  for (const path of found.keys()) throw unusable(`the file ${JSON.stringify(path)} is not in its list`);
  if (!manifest.files.some(({ path }) => path === "aleph.db")) throw unusable("it has no database");
  return manifest;
}

async function readManifest({ size, data }: TarInput): Promise<Manifest> {
  if (size > MAX_MANIFEST) throw unusable("its list of files is too long");
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(Uint8Array.from(chunk));
  const manifest = parseManifest(Buffer.concat(chunks).toString());
  if (!manifest) throw unusable("its list of files is not one that this version reads");
  return manifest;
}

async function writeEntry({ size, executable, data }: TarInput, path: string): Promise<Omit<BackedUpFile, "path">> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const hash = createHash("sha256");
  const out = openSync(path, "wx", executable ? 0o700 : 0o600);
  try {
    for await (const chunk of data) {
      hash.update(chunk);
      for (let at = 0; at < chunk.byteLength; ) at += writeSync(out, chunk, at);
    }
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
  return { size, sha256: hash.digest("hex"), executable };
}

/**
 * Moves what is in the home to `aside` and what is in `staging` into the home; back again when a step fails. `run/`, with the
 * lock that is held, stays. Answers with `aside` if something is there.
 */
function exchange(home: string, staging: string, aside: string): string | undefined {
  const undo: (() => void)[] = [];
  const move = (from: string, to: string) => {
    renameSync(from, to);
    undo.push(() => renameSync(to, from));
  };
  const old = readdirSync(home).filter((name) => name !== "run" && !isOfRestore(name));
  try {
    if (old.length > 0) {
      mkdirSync(aside, { mode: 0o700 });
      undo.push(() => rmdirSync(aside));
    }
    for (const name of old) move(join(home, name), join(aside, name));
    for (const name of readdirSync(staging)) move(join(staging, name), join(home, name));
  } catch (thrown) {
    for (const step of undo.reverse()) step();
    throw thrown;
  }
  for (const folder of [home, ...(old.length > 0 ? [aside] : [])]) syncFolder(folder);
  return old.length > 0 ? aside : undefined;
}

/** `20261121-151000` */
function stamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
