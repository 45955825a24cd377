/** Looks a plugin's folder over as its author would want it before it is shared: nothing of it is run. */
import { join, posix } from "node:path";
import { createJsonSchemas } from "../../lib/json-schema.ts";
import { openFile } from "../../lib/open-file.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { PluginManifest } from "../../sdk/plugin.ts";
import { hashContent, listContent } from "../content.ts";
import { readPluginFile } from "../discovery.ts";
import { writablePaths } from "../file-rules.ts";
import { readManifest } from "../manifest-files.ts";
import { summarizePermissions } from "../permissions.ts";
import { checkScript } from "./check-script.ts";
import { type Finding, finding } from "./finding.ts";
import { handlersOf } from "./handlers-of.ts";

export interface PluginCheck {
  /** The name of the manifest's file. */
  readonly file: string;
  readonly manifest: PluginManifest;
  readonly summary: readonly string[];
  /** Of all its files. */
  readonly sha256: string;
  readonly findings: readonly Finding[];
}

export interface CheckOptions {
  /** Of Aleph. */
  readonly version: string;
  /** Parse the code as well: for the author's machine. A server has no business with what strangers wrote before it is confined. */
  readonly withCode: boolean;
}

const MAX_ENTRY = 64 * 1024 * 1024;

/** Throws `plugin_error` when there is no manifest, when it is not valid, or when a file may not be part of a plugin. */
export async function checkPlugin(folder: string, { version, withCode }: CheckOptions): Promise<PluginCheck> {
  const { file, manifest } = await readManifest(folder);
  const content = await listContent(folder, writablePaths(manifest.permissions.filesystem));
  const findings = [
    ...ofVersion(manifest, version),
    ...(await ofTexts(folder, manifest)),
    ...(await ofSchemas(manifest)),
    ...(await ofEntry(folder, manifest, new Set(content.files.map(({ path }) => path)), withCode)),
  ];
  return { file, manifest, summary: summarizePermissions(manifest), sha256: await hashContent(content), findings };
}

function ofVersion({ aleph }: PluginManifest, version: string): readonly Finding[] {
  if (aleph === undefined || Bun.semver.satisfies(version, aleph)) return [];
  return [finding("error", `It is made for Aleph ${aleph}, and this is ${version}`)];
}

async function ofTexts(folder: string, { prompt, tools }: PluginManifest): Promise<readonly Finding[]> {
  const paths = [prompt?.file, ...tools.map(({ instructionFile }) => instructionFile)];
  const wanted = new Set(paths.filter((path) => path !== undefined));
  const read = [...wanted].map(async (path) => {
    try {
      const text = await readPluginFile(folder, path);
      return text.trim() === "" ? [finding("warning", `File "${path}" is empty`)] : [];
    } catch (thrown) {
      return [finding("error", AlephError.from(thrown).message)];
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
      return [finding("error", `The parameters of tool "${name}" are not usable: ${(thrown as Error).message}`)];
    }
  });
  return (await Promise.all(compiled)).flat();
}

async function ofEntry(
  folder: string,
  manifest: PluginManifest,
  files: ReadonlySet<string>,
  withCode: boolean,
): Promise<readonly Finding[]> {
  const { entry, kind } = manifest;
  if (entry === undefined) return [];
  const path = posix.normalize(entry);
  if (!files.has(path)) return [finding("error", `The entry "${entry}" is not a file of the plugin`)];
  if (!withCode) return [];
  return kind === "wasm" ? ofModule(folder, path, manifest) : checkScript(folder, path, manifest, files);
}

async function readEntry(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  await using file = await openFile(path);
  if (!file) throw new AlephError("plugin_error", `${JSON.stringify(path)} is no file`);
  const { size } = await file.stat();
  return size > MAX_ENTRY ? undefined : new Uint8Array(await file.readFile());
}

async function ofModule(folder: string, entry: string, manifest: PluginManifest): Promise<readonly Finding[]> {
  const bytes = await readEntry(join(folder, entry));
  if (bytes === undefined)
    return [finding("error", `The entry "${entry}" is larger than ${MAX_ENTRY / 1024 / 1024} MiB`)];
  let module: WebAssembly.Module;
  try {
    module = await WebAssembly.compile(bytes);
  } catch (thrown) {
    return [finding("error", `The entry "${entry}" is no WebAssembly module: ${(thrown as Error).message}`)];
  }
  const exported = new Set(
    WebAssembly.Module.exports(module).flatMap(({ name, kind }) => (kind === "function" ? [name] : [])),
  );
  const missing = handlersOf(manifest).filter(({ handler }) => !exported.has(handler));
  return missing.map(({ handler, where }) =>
    finding("error", `The entry exports no function "${handler}" for ${where}`),
  );
}
