/** Finds skills: folders with a SKILL.md, in ALEPH_HOME, in the workspace of an agent, and in plugins. */
import { readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookAtLink } from "../lib/fingerprint.ts";
import { hashContent, listContent } from "../plugin/content.ts";
import { readPluginFile } from "../plugin/discovery.ts";
import { SKILL_LIMITS } from "./copies.ts";
import { parseSkill, SKILL_FILE, type SkillManifest } from "./manifest.ts";

export type SkillSource = "user" | "workspace" | "plugin";

export interface SkillRoot {
  readonly source: SkillSource;
  readonly plugin?: string;
  /** Real. */
  readonly path: string;
  readonly trusted: boolean;
}

export interface FoundSkill {
  readonly source: SkillSource;
  readonly plugin: string | undefined;
  /** The name of its folder. */
  readonly folder: string;
  /** Real. */
  readonly path: string;
}

/** What its files say of it. */
export interface ReadSkill {
  readonly manifest: SkillManifest;
  readonly sha256: string;
  readonly files: readonly string[];
}

/** Those that are there. A folder that depends on an agent's own files is off until it, or the one around it, is trusted. */
export async function findSkillRoots(
  named: readonly { readonly source: SkillSource; readonly plugin?: string; readonly path: string }[],
  isTrusted: (path: string) => boolean,
): Promise<readonly SkillRoot[]> {
  const found: SkillRoot[] = [];
  for (const root of named) {
    const path = await realpath(root.path).catch(() => undefined); // What is not there holds no skills.
    if (path === undefined) continue;
    const trusted = root.source !== "workspace" || isTrusted(path) || isTrusted(dirname(path));
    found.push({ ...root, path, trusted });
  }
  return found;
}

/** Sorted by name. Nothing behind a link is looked at. */
export async function findSkills({ source, plugin, path }: SkillRoot): Promise<readonly FoundSkill[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => ({ source, plugin, folder: name, path: join(path, name) }))
    .filter((found) => lookAtLink(join(found.path, SKILL_FILE)) !== undefined)
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** Reads skills anew only when their files changed since the last time. */
export class SkillFiles {
  readonly #known = new Map<string, { readonly stamp: string; readonly read: Promise<ReadSkill> }>();

  /** Throws `plugin_error` for what makes it no usable skill. */
  async read(path: string, folder: string): Promise<ReadSkill> {
    const content = await listContent(path, [], SKILL_LIMITS);
    const known = this.#known.get(path);
    if (known?.stamp === content.stamp) return known.read;
    const read = (async () => {
      const { manifest } = parseSkill(await readPluginFile(path, SKILL_FILE), folder);
      return { manifest, sha256: await hashContent(content), files: content.files.map((file) => file.path) };
    })();
    // Whoever asks gets the failure.
    read.catch(() => undefined);
    this.#known.set(path, { stamp: content.stamp, read });
    return read;
  }
}
