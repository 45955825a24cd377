/** The names by which config.toml may speak of what plugins bring, found without opening a plugin or its store. */
import { findPlugins, findRoots, type PluginRoot } from "./discovery.ts";
import { readManifest } from "./manifest-files.ts";

/** Undefined when a manifest cannot be read: nobody knows what it would declare, and a plugin must not stop a start. */
export type DeclaredNames = { readonly channels: readonly string[]; readonly providers: readonly string[] } | undefined;

/** Of the folders that need no trust: what a working folder brings cannot be configured before it is trusted. */
export async function declaredNames(roots: readonly PluginRoot[]): Promise<DeclaredNames> {
  const channels: string[] = [];
  const providers: string[] = [];
  try {
    for (const root of await findRoots(roots, () => false)) {
      for (const { path, isLink } of root.isTrusted ? await findPlugins(root) : []) {
        if (isLink) continue;
        const { manifest } = await readManifest(path);
        channels.push(...manifest.channels.map(({ name }) => name));
        providers.push(...manifest.providers.map(({ name }) => name));
      }
    }
  } catch {
    // Why, plugins.list tells.
    return undefined;
  }
  return { channels, providers };
}
