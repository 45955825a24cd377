/** Looks a plugin's folder over as its author would want it before it is shared: nothing of it is run. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { extname, join, posix } from "node:path";
import { createJsonSchemas } from "../../lib/json-schema.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { hashContent, listContent } from "../content.ts";
import { readPluginFile } from "../discovery.ts";
import { writablePaths } from "../file-rules.ts";
import { readManifest } from "../manifest-files.ts";
import { summarizePermissions } from "../permissions.ts";

export interface Finding {
  /** What is an error keeps the plugin from working; what is a warning may. */
  readonly level: "error" | "warning";
  readonly message: string;
}

export interface PluginCheck {
  /** The name of the manifest's file. */
  readonly file: string;
  readonly manifest: PluginManifest;
  readonly summary: readonly string[];
  /** Of all its files. */
  readonly sha256: string;
  readonly findings: readonly Finding[];
}

const MAX_ENTRY = 64 * 1024 * 1024;
const SCRIPTS: Readonly<Record<string, "js" | "jsx" | "ts" | "tsx">> = {
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
};
const SDK = "@aleph/plugin-sdk";

/** Throws `plugin_error` when there is no manifest, when it is not valid, or when a file may not be part of a plugin. */
export async function checkPlugin(folder: string, alephVersion: string): Promise<PluginCheck> {
  const { file, manifest } = await readManifest(folder);
  const content = await listContent(folder, writablePaths(manifest.permissions.filesystem));
  const findings = [
    ...ofVersion(manifest, alephVersion),
    ...(await ofTexts(folder, manifest)),
    ...(await ofSchemas(manifest)),
    ...(await ofEntry(folder, manifest, new Set(content.files.map(({ path }) => path)))),
  ];
  return { file, manifest, summary: summarizePermissions(manifest), sha256: await hashContent(content), findings };
}

const error = (message: string): Finding => ({ level: "error", message });
const warning = (message: string): Finding => ({ level: "warning", message });

function ofVersion({ aleph }: PluginManifest, version: string): readonly Finding[] {
  if (aleph === undefined || Bun.semver.satisfies(version, aleph)) return [];
  return [error(`It is made for Aleph ${aleph}, and this is ${version}`)];
}

async function ofTexts(folder: string, { prompt, tools }: PluginManifest): Promise<readonly Finding[]> {
  const paths = [prompt?.file, ...tools.map(({ instructionFile }) => instructionFile)];
  const wanted = new Set(paths.filter((path) => path !== undefined));
  const read = [...wanted].map(async (path) => {
    try {
      const text = await readPluginFile(folder, path);
      return text.trim() === "" ? [warning(`File "${path}" is empty`)] : [];
    } catch (thrown) {
      return [error(AlephError.from(thrown).message)];
    }
  });
  return (await Promise.all(read)).flat();
}

async function ofSchemas({ tools }: PluginManifest): Promise<readonly Finding[]> {
  const compile = createJsonSchemas();
  const compiled = tools.map(async ({ name, parameters }) => {
    try {
      await compile(parameters);
      return [];
    } catch (thrown) {
      return [error(`The parameters of tool "${name}" are not usable: ${(thrown as Error).message}`)];
    }
  });
  return (await Promise.all(compiled)).flat();
}

async function ofEntry(
  folder: string,
  manifest: PluginManifest,
  files: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const { entry, kind } = manifest;
  if (entry === undefined) return [];
  const path = posix.normalize(entry);
  if (!files.has(path)) return [error(`The entry "${entry}" is not a file of the plugin`)];
  const bytes = await readEntry(join(folder, path));
  if (bytes === undefined) return [error(`The entry "${entry}" is larger than ${MAX_ENTRY / 1024 / 1024} MiB`)];
  return kind === "wasm"
    ? ofModule(entry, bytes, manifest)
    : ofScript(path, new TextDecoder().decode(bytes), manifest, files);
}

async function readEntry(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const { size } = await file.stat();
  return size > MAX_ENTRY ? undefined : new Uint8Array(await file.readFile());
}

async function ofModule(
  entry: string,
  bytes: Uint8Array<ArrayBuffer>,
  manifest: PluginManifest,
): Promise<readonly Finding[]> {
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (thrown) {
    return [error(`The entry "${entry}" is no WebAssembly module: ${(thrown as Error).message}`)];
  }
  const exported = new Set(
    WebAssembly.Module.exports(module).flatMap(({ name, kind }) => (kind === "function" ? [name] : [])),
  );
  const missing = handlersOf(manifest).filter(({ handler }) => !exported.has(handler));
  return missing.map(({ handler, where }) => error(`The entry exports no function "${handler}" for ${where}`));
}

function ofScript(
  entry: string,
  text: string,
  manifest: PluginManifest,
  files: ReadonlySet<string>,
): readonly Finding[] {
  const loader = SCRIPTS[extname(entry)];
  if (loader === undefined) return [error(`The entry "${entry}" is neither JavaScript nor TypeScript by its name`)];
  let imports: readonly { readonly path: string }[];
  try {
    ({ imports } = new Bun.Transpiler({ loader }).scan(text));
  } catch (thrown) {
    return [error(`The entry "${entry}" cannot be read: ${(thrown as Error).message}`)];
  }
  const unknown = imports.filter(({ path }) => !isThere(path, entry, files)).map(({ path }) => path);
  return [
    ...[...new Set(unknown)].map((path) =>
      warning(`The entry imports "${path}", which is not among the plugin's files; bundle it, or pack it too`),
    ),
    // What a handler is called may be put together when it runs; whoever reads this knows.
    ...handlersOf(manifest)
      .filter(({ handler, name }) => !hasWord(text, handler) && !(name !== undefined && hasWord(text, name)))
      .map(({ handler, where }) => warning(`The entry does not mention "${handler}", the handler of ${where}`)),
  ];
}

function isThere(specifier: string, entry: string, files: ReadonlySet<string>): boolean {
  if (specifier.startsWith(".")) {
    const base = posix.join(posix.dirname(entry), specifier);
    const bare = base.replace(/\.js$/, "");
    const names = ["", ...Object.keys(SCRIPTS), ".json", ...Object.keys(SCRIPTS).map((ending) => `/index${ending}`)];
    return names.some((ending) => files.has(base + ending) || files.has(bare + ending));
  }
  if (specifier === SDK || specifier.startsWith(`${SDK}/`) || /^(?:node|bun):|^bun$/.test(specifier)) return true;
  if (process.getBuiltinModule(specifier) !== undefined) return true;
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
  return files.has(`node_modules/${name}/package.json`);
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$])${RegExp.escape(word)}(?![\\w$])`).test(text);
}

interface NamedHandler {
  readonly handler: string;
  /** The key under which the SDK may have it instead. */
  readonly name?: string;
  readonly where: string;
}

/** Every handler that the manifest names. */
function handlersOf(manifest: PluginManifest): readonly NamedHandler[] {
  const { tools, hooks, commands, services, channels, providers, httpRoutes } = manifest;
  return [
    ...tools.map(({ handler, name }) => ({ handler, name, where: `tool "${name}"` })),
    ...hooks.map(({ handler, event }) => ({ handler, where: `hook "${event}"` })),
    ...commands.map(({ handler, name }) => ({ handler, name, where: `command "${name}"` })),
    ...services.flatMap(({ name, startHandler, stopHandler }) =>
      [startHandler, stopHandler].map((handler) => ({ handler, name, where: `service "${name}"` })),
    ),
    ...channels.flatMap(({ name, connectHandler, disconnectHandler, sendHandler }) =>
      [connectHandler, disconnectHandler, sendHandler].map((handler) => ({
        handler,
        name,
        where: `channel "${name}"`,
      })),
    ),
    ...providers.flatMap(({ name, listModelsHandler, chatHandler, streamHandler, embedHandler }) =>
      [listModelsHandler, chatHandler, streamHandler, embedHandler]
        .filter((handler) => handler !== undefined)
        .map((handler) => ({ handler, name, where: `provider "${name}"` })),
    ),
    ...httpRoutes.map(({ handler, method, path }) => ({ handler, where: `route ${method} ${path}` })),
  ];
}
