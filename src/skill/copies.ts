/** The approved content of skills, each a folder that nothing changes: what was approved is what is read. */
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookAtLink } from "../lib/fingerprint.ts";
import { createId } from "../lib/id.ts";
import { copyContent, hashContent, listContent } from "../plugin/content.ts";
import { AlephError } from "../protocol/errors.ts";

/** A skill is text with a few files beside it. */
export const SKILL_LIMITS = { files: 2_000, bytes: 32 * 1024 * 1024, depth: 16 };

export class Copies {
  readonly #folder: string;
  /** Compared with their hash since the start. */
  readonly #verified = new Set<string>();

  /** `folder` is made when it is needed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where the copy is, if there is one that is still what it was. */
  async find(name: string, sha256: string): Promise<string | undefined> {
    const path = this.#path(name, sha256);
    if (!lookAtLink(path)?.isDirectory()) return undefined;
    if (this.#verified.has(path)) return path;
    if ((await hashContent(await listContent(path, [], SKILL_LIMITS))) !== sha256) {
      await rm(path, { recursive: true, force: true });
      return undefined;
    }
    this.#verified.add(path);
    return path;
  }

  /** Copies the skill in `from`. Throws `conflict` when its content is not the one that was approved. */
  async make(name: string, sha256: string, from: string): Promise<void> {
    if (await this.find(name, sha256)) return;
    const path = this.#path(name, sha256);
    const unfinished = join(dirname(path), createId("new"));
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    try {
      const copied = await copyContent(await listContent(from, [], SKILL_LIMITS), unfinished);
      if (copied !== sha256) {
        throw new AlephError("conflict", `The files of skill "${name}" changed since they were shown`, {
          data: { hint: "Look at it again, and activate that" },
        });
      }
      await rename(unfinished, path);
    } catch (thrown) {
      await rm(unfinished, { recursive: true, force: true });
      throw thrown;
    }
  }

  /** All versions of it. */
  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  #path(name: string, sha256: string): string {
    return join(this.#folder, name, sha256);
  }
}
