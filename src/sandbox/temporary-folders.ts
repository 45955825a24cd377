/** Temporary folders of commands. Those that a server left behind when it was killed go when the next one makes its first. */
import { chmod, mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { once } from "../lib/once.ts";

export class TemporaryFolders {
  readonly #root: string;
  readonly #prepare: () => Promise<void>;

  constructor(root: string) {
    this.#root = root;
    this.#prepare = once(() => prepare(root));
  }

  /** A new one, by its real path. Whoever asked removes it. */
  async make(): Promise<string> {
    await this.#prepare();
    return await realpath(await mkdtemp(join(this.#root, `command-${process.pid}-`)));
  }
}

async function prepare(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const left = (await readdir(root)).filter((name) => {
    const pid = /^command-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(left.map((name) => removeTemporary(join(root, name))));
}

/**
 * With all that is in it, also behind what a command closed to everybody; its processes are gone. What cannot be removed all
 * the same is left to the next server: it holds nobody up.
 */
export async function removeTemporary(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    await remove().catch(async () => {
      await openAll(path);
      await remove();
    });
  } catch {
    // Not ours to open, or a disk that fails: nothing that follows depends on it.
  }
}

async function openAll(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openAll(join(path, entry.name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}
