/** Reads the plugins that Aleph carries from the checkout; runs when Aleph is built, or when it is started from source. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Files by their paths in the plugin's folder, in base64. */
export type CarriedFiles = Readonly<Record<string, string>>;

const MANIFEST = "aleph_plugin.toml";
/** A folder is a plugin that is carried when it has a manifest; of one with a package.json what its `files` name. */
const FOLDER = join(import.meta.dir, "../../../plugins");

/** By the names of their folders. */
export function readPlugins(): Readonly<Record<string, CarriedFiles>> {
  const carried = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, MANIFEST)));
  return Object.fromEntries(carried.sort().map((name) => [name, readFiles(join(FOLDER, name))]));
}

function readFiles(folder: string): CarriedFiles {
  const manifest = join(folder, "package.json");
  const named: unknown = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).files : undefined;
  const wanted = Array.isArray(named) ? [MANIFEST, ...named.map(String)] : ["."];
  const paths = new Set(wanted.flatMap((path) => listFiles(folder, path)));
  return Object.fromEntries([...paths].sort().map((path) => [path, readFileSync(join(folder, path), "base64")]));
}

function listFiles(folder: string, path: string): readonly string[] {
  if (statSync(join(folder, path)).isFile()) return [path];
  return readdirSync(join(folder, path))
    .filter((name) => name !== "node_modules")
    .flatMap((name) => listFiles(folder, path === "." ? name : `${path}/${name}`));
}
