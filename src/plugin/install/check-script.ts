/** Looks through the code of a plugin in JavaScript or TypeScript, without running it: what it imports, what it mentions. */
import { extname, join, posix } from "node:path";
import { openFile } from "../../lib/open-file.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { type Finding, finding } from "./finding.ts";
import { handlersOf } from "./handlers-of.ts";

const LOADERS: Readonly<Record<string, "js" | "jsx" | "ts" | "tsx">> = {
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
};
const ENDINGS = ["", ...Object.keys(LOADERS), ".json", ...Object.keys(LOADERS).map((ending) => `/index${ending}`)];
const SDK = "@aleph/plugin-sdk";
/** Of the plugin's own files; what is bundled is one, and what is not is few. */
const MAX_FILES = 200;

/** `entry` is one of `files`, which are all files of the plugin in `folder`. */
export async function checkScript(
  folder: string,
  entry: string,
  manifest: PluginManifest,
  files: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  if (LOADERS[extname(entry)] === undefined) {
    return [finding("error", `The entry "${entry}" is neither JavaScript nor TypeScript by its name`)];
  }
  const findings: Finding[] = [];
  const texts: string[] = [];
  const seen = new Set([entry]);
  for (const path of seen) {
    const loader = LOADERS[extname(path)];
    if (loader === undefined || seen.size > MAX_FILES) continue;
    const text = await read(join(folder, path));
    texts.push(text);
    const what = path === entry ? "The entry" : "The file";
    try {
      for (const specifier of new Set(new Bun.Transpiler({ loader }).scan(text).imports.map((found) => found.path))) {
        const own = specifier.startsWith(".") ? resolveOwn(specifier, path, files) : undefined;
        if (own !== undefined) seen.add(own);
        else if (specifier.startsWith(".") || !isPackage(specifier, files)) {
          const message = `${what} "${path}" imports "${specifier}", which is not among the plugin's files; bundle it, or pack it too`;
          findings.push(finding("warning", message));
        }
      }
    } catch (thrown) {
      findings.push(finding("error", `${what} "${path}" cannot be read: ${(thrown as Error).message}`));
    }
  }
  if (findings.some(({ level }) => level === "error")) return findings;
  const code = texts.join("\n");
  // What a handler is called may be put together when it runs; whoever reads this knows.
  const missing = handlersOf(manifest).filter(({ handler, name }) => !hasWord(code, handler) && !hasWord(code, name));
  return [
    ...findings,
    ...missing.map(({ handler, where }) =>
      finding("warning", `The code does not mention "${handler}", the handler of ${where}`),
    ),
  ];
}

async function read(path: string): Promise<string> {
  await using file = await openFile(path);
  if (!file) throw new AlephError("plugin_error", `${JSON.stringify(path)} is no file`);
  return await file.readFile("utf8");
}

/** TypeScript lets one write `.js` for what is a `.ts`. */
function resolveOwn(specifier: string, from: string, files: ReadonlySet<string>): string | undefined {
  const path = posix.join(posix.dirname(from), specifier);
  const bases = [path, path.replace(/\.js$/, "")];
  return bases.flatMap((base) => ENDINGS.map((ending) => base + ending)).find((candidate) => files.has(candidate));
}

function isPackage(specifier: string, files: ReadonlySet<string>): boolean {
  if (specifier === SDK || specifier.startsWith(`${SDK}/`) || /^(?:node|bun):|^bun$/.test(specifier)) return true;
  if (process.getBuiltinModule(specifier) !== undefined) return true;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
  return files.has(`node_modules/${name}/package.json`);
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$])${RegExp.escape(word)}(?![\\w$])`).test(text);
}
