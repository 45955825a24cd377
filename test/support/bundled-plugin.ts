/** A plugin that comes with Aleph, as Aleph carries it, in a process of its own; its network leads to the test's servers. */

import { readPlugins } from "../../scripts/carried-plugins.ts";
import { parseManifest } from "../../src/plugin/manifest.ts";
import { MANIFEST_FORMATS } from "../../src/plugin/manifest-files.ts";
import { createNetworkDoor } from "../../src/sandbox/broker.ts";
import type { PluginManifest } from "../../src/sdk/plugin.ts";
import type { ProcessHost } from "../../src/sdk/runtime.ts";
import { callOf, nodejsPlugin } from "./nodejs-plugin.ts";

const MANIFEST = "aleph_plugin.toml";
const carried = readPlugins();

/** Its files as texts. */
export function carriedFiles(id: string): Record<string, string> {
  const files = Object.entries(carried[id] ?? {});
  return Object.fromEntries(files.map(([path, data]) => [path, Buffer.from(data, "base64").toString()]));
}

export function carriedManifest(id: string): Promise<PluginManifest> {
  const format = MANIFEST_FORMATS.find(({ file }) => file === MANIFEST)!;
  return parseManifest(carriedFiles(id)[MANIFEST]!, format);
}

export interface BundledPluginOptions {
  /** Where it may connect to, besides what its manifest names. */
  readonly origins?: readonly string[];
  readonly host?: Partial<ProcessHost>;
}

export async function startBundled(id: string, { origins = [], host = {} }: BundledPluginOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const manifest = await carriedManifest(id);
  const refused: string[] = [];
  const network = createNetworkDoor({
    rules: [...manifest.permissions.network, ...origins.map((origin) => `connect:${origin}`)],
    lookup: async (name) => {
      throw new Error(`"${name}" is looked up`);
    },
    fetch,
    onDenied: (target) => refused.push(target),
  });
  const plugin = stack.use(await nodejsPlugin({ files: carriedFiles(id), manifest, network, host }));
  const process = await plugin.start();
  const owned = stack.move();
  return {
    ...plugin,
    manifest,
    process,
    /** Where the broker did not let it. */
    refused,
    call: (handler: string, args: unknown = {}, more: Parameters<typeof callOf>[2] = {}) =>
      process.call(callOf(handler, args, more)),
    stream: (handler: string, args: unknown = {}) => process.stream(callOf(handler, args)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
