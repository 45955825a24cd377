/**
 * Reads the plugins that Aleph carries from plugins/: a macro, so it runs when Aleph is built, or when it is started from
 * source. What a plugin imports is bundled into its entry.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Files by their paths in the plugin's folder, in base64. */
type Files = Readonly<Record<string, string>>;

const ROOT = join(import.meta.dir, "..");
const FOLDER = join(ROOT, "plugins");
const MANIFEST = "aleph_plugin.toml";
/** Of `files` in a plugin's package.json: made from the source of the same name. */
const BUILT = /^dist\/(.+)\.js$/;

/** By the names of their folders: a folder is a plugin that is carried when it has a manifest. */
export function readPlugins(): Readonly<Record<string, Files>> {
  const carried = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, MANIFEST)));
  return Object.fromEntries(carried.sort().map((name) => [name, readFiles(join(FOLDER, name))]));
}

/** The sources that are bundled into entries. */
export function builtSources(): readonly string[] {
  return readdirSync(FOLDER).flatMap((name) =>
    namedFiles(join(FOLDER, name)).flatMap((path) => (BUILT.test(path) ? sourceOf(join(FOLDER, name), path) : [])),
  );
}

/** Of a plugin with a package.json what its `files` name, of another one all. */
function readFiles(folder: string): Files {
  const named = namedFiles(folder);
  const wanted = named.length > 0 ? [MANIFEST, ...named] : ["."];
  const contents = wanted.flatMap((path): readonly (readonly [string, string])[] =>
    BUILT.test(path)
      ? [[path, build(sourceOf(folder, path)).toString("base64")]]
      : listFiles(folder, path).map((file) => [file, readFileSync(join(folder, file), "base64")]),
  );
  return Object.fromEntries(contents.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function namedFiles(folder: string): readonly string[] {
  const path = join(folder, "package.json");
  const files: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).files : undefined;
  return Array.isArray(files) ? files.map(String) : [];
}

function sourceOf(folder: string, path: string): string {
  return join(folder, path.replace(BUILT, "src/$1.ts"));
}

/** In a process of its own: the bundler that runs a macro waits for it. Names stay, so that errors can be read. */
function build(source: string): Buffer {
  const options = ["--target=bun", "--minify-syntax", "--minify-whitespace", "--external=@aleph/plugin-sdk"];
  const { success, stdout, stderr } = Bun.spawnSync([process.execPath, "build", source, ...options], { cwd: ROOT });
  if (!success) throw new Error(`${source} cannot be bundled: ${stderr.toString()}`);
  return stdout;
}

function listFiles(folder: string, path: string): readonly string[] {
  if (statSync(join(folder, path)).isFile()) return [path];
  return readdirSync(join(folder, path))
    .filter((name) => name !== "node_modules")
    .flatMap((name) => listFiles(folder, path === "." ? name : `${path}/${name}`));
}
