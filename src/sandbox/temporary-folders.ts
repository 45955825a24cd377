/** Temporary folders of commands. Those that a server left behind when it was killed go when the next one makes its first. */
import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
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
  await Promise.all(left.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}
