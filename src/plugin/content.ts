/** All that a plugin is made of: the files of its folder, one hash over them, and a copy that nothing changes any more. */
import { lstat, mkdir, open, readdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { openFile } from "../lib/open-file.ts";
import { AlephError } from "../protocol/errors.ts";

export interface Content {
  readonly folder: string;
  /** Sorted by path. */
  readonly files: readonly ContentFile[];
  /** Changes with each file that is made, written, replaced or removed. */
  readonly stamp: string;
}

interface ContentFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly stamp: string;
}

export const CONTENT_LIMITS = { files: 20_000, bytes: 256 * 1024 * 1024, depth: 32 };

/** Not part of a plugin, and not in the copy that it runs from: history, and npm's links to programs. */
function isLeftOut(path: string): boolean {
  return posix.basename(path) === ".git" || path === "node_modules/.bin" || path.endsWith("/node_modules/.bin");
}

/**
 * Looks at each file without reading it. `writable` are the paths in the folder that the plugin may write, which are not
 * part of it. Throws `plugin_error` for links, for what is neither file nor folder, and for what is over the limits.
 */
export async function listContent(
  folder: string,
  writable: readonly string[],
  limits: typeof CONTENT_LIMITS = CONTENT_LIMITS,
): Promise<Content> {
  const files: ContentFile[] = [];
  let bytes = 0;

  async function walk(below: string, depth: number): Promise<void> {
    if (depth > limits.depth) throw refuse(below, `is nested deeper than ${limits.depth} folders`);
    for (const name of (await readdir(join(folder, below))).sort()) {
      const path = below === "" ? name : `${below}/${name}`;
      if (isLeftOut(path) || writable.includes(path)) continue;
      const stat = await lstat(join(folder, path), { bigint: true });
      if (stat.isDirectory()) {
        await walk(path, depth + 1);
        continue;
      }
      if (stat.isSymbolicLink()) throw refuse(path, "is a link, which a plugin may not have");
      if (!stat.isFile()) throw refuse(path, "is not a regular file");
      bytes += Number(stat.size);
      // With ctime: the others can be set by whoever writes the file.
      files.push({ path, stamp: `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` });
      if (bytes > limits.bytes) throw tooLarge(`more than ${limits.bytes / 1024 / 1024} MiB`);
      if (files.length > limits.files) throw tooLarge(`more than ${limits.files} files`);
    }
  }

  try {
    await walk("", 1);
  } catch (thrown) {
    if (thrown instanceof AlephError) throw thrown;
    throw new AlephError("plugin_error", "The plugin's files cannot be looked at", { cause: thrown });
  }
  const stamp = new Bun.CryptoHasher("sha256");
  for (const file of files) stamp.update(`${file.path}\0${file.stamp}\0`);
  return { folder, files, stamp: stamp.update(writable.join("\0")).digest("hex") };
}

/** Lower-case hex SHA-256 over paths and contents; the same for the same files, wherever they are. */
export function hashContent(content: Content): Promise<string> {
  return readAll(content, async () => undefined);
}

/** Writes the files below `to`, which must be new; returns the hash of what was written. */
export function copyContent(content: Content, to: string): Promise<string> {
  const made = new Set<string>();
  return readAll(content, async (path) => {
    const target = join(to, path);
    if (!made.has(dirname(target))) {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      made.add(dirname(target));
    }
    // Without the right to write: a plugin's version does not change.
    return open(target, "wx", 0o400);
  });
}

const CHUNK = 1024 * 1024;

async function readAll(
  { folder, files }: Content,
  openCopy: (path: string) => Promise<Awaited<ReturnType<typeof open>> | undefined>,
): Promise<string> {
  const whole = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(CHUNK);
  for (const { path } of files) {
    const own = new Bun.CryptoHasher("sha256");
    try {
      await using file = await openFile(join(folder, path));
      if (!file) throw refuse(path, "is no regular file");
      await using copy = await openCopy(path);
      for (;;) {
        const { bytesRead } = await file.read(buffer);
        if (bytesRead === 0) break;
        own.update(buffer.subarray(0, bytesRead));
        for (let at = 0; copy && at < bytesRead; ) at += (await copy.write(buffer, at, bytesRead - at)).bytesWritten;
      }
    } catch (cause) {
      throw new AlephError("plugin_error", `File ${JSON.stringify(path)} cannot be read or copied`, { cause });
    }
    whole.update(`${path}\0${own.digest("hex")}\n`);
  }
  return whole.digest("hex");
}

function refuse(path: string, why: string): AlephError {
  return new AlephError("plugin_error", `File ${JSON.stringify(path)} ${why}`);
}

function tooLarge(what: string): AlephError {
  return new AlephError("plugin_error", `The plugin is too large: ${what}`, {
    data: { hint: "Leave out what it does not need to run" },
  });
}
