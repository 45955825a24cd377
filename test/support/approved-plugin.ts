/** A plugin that its owner has put into the folder and approved. */
import { join } from "node:path";
import type { Client } from "../../src/client/client.ts";
import { manifestOf, type PluginFiles, writePlugin } from "./plugins.ts";

export interface PluginOwner {
  readonly home: { readonly plugins: string };
  readonly client: Client;
}

export async function approvedPlugin({ home, client }: PluginOwner, id: string, files: PluginFiles): Promise<void> {
  await writePlugin(home.plugins, id, files);
  await client.call("plugins.approve", { id });
}

/** What stands behind `[plugin]`, and the JavaScript of a plugin in a process of its own. */
export interface CodeFiles {
  readonly manifest: string;
  readonly code: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** Writes it and does not ask anybody; returns its folder. */
export async function writeCodePlugin(
  plugins: string,
  id: string,
  { manifest, code, files = {} }: CodeFiles,
): Promise<string> {
  const [head = ""] = manifestOf({ id, kind: "nodejs" }).split("[prompt]");
  const path = await writePlugin(plugins, id, { manifest: `${head}\n${manifest}` });
  for (const [name, text] of Object.entries({ ...files, "index.js": code })) await Bun.write(join(path, name), text);
  return path;
}

export async function approvedCode({ home, client }: PluginOwner, id: string, files: CodeFiles): Promise<void> {
  await writeCodePlugin(home.plugins, id, files);
  await client.call("plugins.approve", { id });
}
