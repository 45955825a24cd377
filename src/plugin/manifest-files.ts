/** The files that may be a plugin's manifest, in the order in which they are looked for. */
import { join } from "node:path";
import { lookAtLink } from "../lib/fingerprint.ts";
import { AlephError } from "../protocol/errors.ts";
import type { PluginManifest } from "../sdk/plugin.ts";
import { readPluginFile } from "./discovery.ts";

export interface ManifestFormat {
  /** Its name in the plugin's folder. */
  readonly file: string;
  readonly format: "toml" | "json";
  /** The key that the manifest is under. */
  readonly section?: string;
  /** The keys of `plugin` may stand beside the other tables, and `main` for `entry`. */
  readonly isFlat?: boolean;
}

export const MANIFEST_FORMATS: readonly ManifestFormat[] = [
  { file: "aleph_plugin.toml", format: "toml" },
  { file: "aleph_plugin.json", format: "json" },
  { file: "package.json", format: "json", section: "alephPlugin", isFlat: true },
  // Names of earlier versions.
  { file: "aleph-plugin.toml", format: "toml", isFlat: true },
  { file: "aleph.plugin.json", format: "json", isFlat: true },
  { file: "plugin.toml", format: "toml", isFlat: true },
  { file: "plugin.json", format: "json", isFlat: true },
];

export interface ReadManifest {
  readonly file: string;
  readonly manifest: PluginManifest;
}

/** Changes when one of the files that decide about the manifest of the plugin in `folder` was made, written or removed. */
export function manifestStamp(folder: string): string {
  const stamps: string[] = [];
  for (const { file, section } of MANIFEST_FORMATS) {
    const stat = lookAtLink(join(folder, file));
    if (!stat) continue;
    stamps.push(`${file} ${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`);
    // Those behind it are not looked at, unless it may turn out to be none.
    if (section === undefined) break;
  }
  return stamps.join("\n");
}

/** Throws `plugin_error` when there is none, when it cannot be read and when it is not valid. Loads zod. */
export async function readManifest(folder: string): Promise<ReadManifest> {
  for (const format of MANIFEST_FORMATS) {
    const { file, section } = format;
    if (!lookAtLink(join(folder, file))) continue;
    const text = await readPluginFile(folder, file);
    // A package without the section is no plugin, whatever else its package.json says.
    if (section !== undefined && !text.includes(`"${section}"`)) continue;
    const { parseManifest } = await import("./manifest.ts");
    return { file, manifest: await parseManifest(text, format) };
  }
  throw new AlephError("plugin_error", `File "${MANIFEST_FORMATS[0]!.file}" does not exist`, {
    data: {
      hint: `A plugin's folder has a manifest; ${MANIFEST_FORMATS.map(({ file }) => file).join(", ")} are looked for`,
    },
  });
}
