/** The names by which config.toml may speak of what plugins bring, found without opening a plugin or its store. */
import type { PluginManifest } from "../sdk/plugin.ts";
import type { CarriedFiles } from "./bundled/bundled.ts";
import { findPlugins, findRoots, type PluginRoot } from "./discovery.ts";
import { parseManifest } from "./manifest.ts";
import { MANIFEST_FORMATS, readManifest } from "./manifest-files.ts";

/** Undefined when a manifest cannot be read: nobody knows what it would declare, and a plugin must not stop a start. */
export type DeclaredNames = { readonly channels: readonly string[]; readonly providers: readonly string[] } | undefined;

/**
 * Of the folders that need no trust: what a working folder brings cannot be configured before it is trusted. `carried`
 * is what came with Aleph, which may not have been laid down yet.
 */
export async function declaredNames(
  roots: readonly PluginRoot[],
  carried: Readonly<Record<string, CarriedFiles>>,
): Promise<DeclaredNames> {
  const manifests: PluginManifest[] = [];
  try {
    for (const root of await findRoots(roots, () => false)) {
      for (const { path, isLink } of root.isTrusted ? await findPlugins(root) : []) {
        if (!isLink) manifests.push((await readManifest(path)).manifest);
      }
    }
    for (const files of Object.values(carried)) {
      for (const format of MANIFEST_FORMATS) {
        const content = files[format.file];
        if (content === undefined) continue;
        manifests.push(await parseManifest(Buffer.from(content, "base64").toString(), format));
        break;
      }
    }
  } catch {
    // Why, plugins.list tells.
    return undefined;
  }
  return {
    channels: manifests.flatMap(({ channels }) => channels.map(({ name }) => name)),
    providers: manifests.flatMap(({ providers }) => providers.map(({ name }) => name)),
  };
}
