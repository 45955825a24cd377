/** Plugins for tests, written into a folder as a person would. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { PluginManifest } from "../../src/sdk/plugin.ts";

/** What a manifest is that names nothing besides itself. */
export const BARE_MANIFEST: PluginManifest = {
  id: "style",
  name: "The style",
  version: "1.0.0",
  description: "For tests",
  kind: "static",
  start: "use",
  permissions: { network: [], filesystem: [], env: [] },
  tools: [],
  hooks: [],
  commands: [],
  services: [],
  channels: [],
  providers: [],
  httpRoutes: [],
};

export interface PluginFiles {
  readonly id?: string;
  readonly kind?: string;
  readonly scope?: string;
  /** The text of its prompt file. */
  readonly prompt?: string;
  /** Instead of all that: the manifest as it is. */
  readonly manifest?: string;
}

export function manifestOf({ id = "style", kind = "static", scope = "system" }: PluginFiles = {}): string {
  return `[plugin]
id = "${id}"
name = "The ${id}"
version = "1.0.0"
description = "For tests"
kind = "${kind}"
${kind === "static" ? "" : 'entry = "index.js"\n'}
[prompt]
file = "SKILL.md"
scope = "${scope}"
`;
}

/** Writes what is given into `plugins/<folder>`; returns the path of that folder. */
export async function writePlugin(plugins: string, folder: string, files: PluginFiles = {}): Promise<string> {
  const path = join(plugins, folder);
  await mkdir(path, { recursive: true });
  await Bun.write(join(path, "aleph_plugin.toml"), files.manifest ?? manifestOf({ id: folder, ...files }));
  if (files.prompt !== undefined) await Bun.write(join(path, "SKILL.md"), files.prompt);
  return path;
}
