/** The approved content of plugins, each version a folder that nothing changes: what was approved is what runs. */
import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookAtLink } from "../lib/fingerprint.ts";
import { createId } from "../lib/id.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import { copyContent, hashContent, listContent } from "./content.ts";
import { writablePaths } from "./file-rules.ts";

export class Snapshots {
  readonly #folder: string;
  /** Compared with their hash since the start. */
  readonly #verified = new Set<string>();

  /** `folder` is made when it is needed. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  path(id: string, sha256: string): string {
    return join(this.#folder, id, sha256);
  }

  has(id: string, sha256: string): boolean {
    return lookAtLink(this.path(id, sha256))?.isDirectory() ?? false;
  }

  /** Copies the plugin in `from`. Throws `conflict` when its content is not the one that was approved. */
  async make(manifest: PluginManifest, sha256: string, from: string): Promise<string> {
    const { id, permissions } = manifest;
    const path = this.path(id, sha256);
    if (this.has(id, sha256)) return path;
    const writable = writablePaths(permissions.filesystem);
    const unfinished = join(this.#folder, id, createId("new"));
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    try {
      const copied = await copyContent(await listContent(from, writable), unfinished);
      if (copied !== sha256) throw new AlephError("conflict", `The files of plugin "${id}" changed in the meantime`);
      for (const own of writable) await linkTo(join(unfinished, own), join(from, own));
      await rename(unfinished, path);
    } catch (thrown) {
      await rm(unfinished, { recursive: true, force: true });
      // Another process may have made it meanwhile.
      if (!this.has(id, sha256)) throw thrown;
    }
    this.#verified.add(path);
    return path;
  }

  /** Throws `conflict` when it is not any more what it was, and removes it: it is copied again from the plugin's folder. */
  async verify(manifest: PluginManifest, sha256: string): Promise<void> {
    const path = this.path(manifest.id, sha256);
    if (this.#verified.has(path)) return;
    const content = await listContent(path, writablePaths(manifest.permissions.filesystem));
    if ((await hashContent(content)) !== sha256) {
      await rm(path, { recursive: true, force: true });
      throw new AlephError("conflict", `The approved copy of plugin "${manifest.id}" was changed`, {
        data: { hint: "plugins.reload makes it anew from the plugin's folder" },
      });
    }
    this.#verified.add(path);
  }

  /** Removes the versions of a plugin that are not named. */
  async keepOnly(id: string, sha256s: readonly string[]): Promise<void> {
    const folder = join(this.#folder, id);
    if (!lookAtLink(folder)) return;
    for (const name of await readdir(folder)) {
      // One that is being made has another name.
      if (/^[0-9a-f]{64}$/.test(name) && !sha256s.includes(name))
        await rm(join(folder, name), { recursive: true, force: true });
    }
    if (sha256s.length === 0) await rm(folder, { recursive: true, force: true });
  }
}

/** What a plugin writes below its folder stays there, whatever version it is. */
async function linkTo(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await symlink(target, path, "junction");
}
