/** Files that come in parts: what has come is kept under a key, so that whoever was cut off goes on where it stopped. */
import { mkdirSync } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface PartFile {
  readonly path: string;
  /** Bytes that are there. */
  size(): Promise<number>;
  /** Adds `bytes` at `offset`. False when the file does not end there: `size` says where it does. */
  append(offset: number, bytes: Uint8Array): Promise<boolean>;
  /** Hex SHA-256 of what is there. */
  hash(): Promise<string>;
  remove(): Promise<void>;
}

/** `key` is any text; the folder is made when it is missing. */
export function partFile(folder: string, key: string): PartFile {
  const path = join(folder, `${new Bun.CryptoHasher("sha256").update(key).digest("hex")}.part`);
  const size = async () => {
    try {
      return (await stat(path)).size;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return 0;
      throw thrown;
    }
  };
  return {
    path,
    size,
    async append(offset, bytes) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if ((await size()) !== offset) return false;
      const file = await open(path, "a", 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      return true;
    },
    hash: () => hashFile(path),
    remove: () => rm(path, { force: true }),
  };
}

/** Hex SHA-256 of a file's content, read piece by piece. */
export async function hashFile(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
}

/** Removes what nobody has gone on with since `before` (Unix milliseconds). */
export async function removeOldParts(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw thrown;
  });
  for (const name of names.filter((name) => name.endsWith(".part"))) {
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs < before) await rm(path, { force: true });
  }
}
