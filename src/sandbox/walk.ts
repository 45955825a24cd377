/** The files below a folder, in order; links are not followed, and what Git would ignore can be left out. */
import type { Dirent } from "node:fs";
import { dirname, join } from "node:path";
import { type IgnoreRules, parseIgnoreRules } from "../lib/ignore-rules.ts";
import { openFile } from "../lib/open-file.ts";
import { AlephError } from "../protocol/errors.ts";
import { codeOf, holdFolder, nameBelow, sortedEntries } from "./held-folder.ts";

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Folders that are not entered. */
  readonly skip?: ReadonlySet<string>;
  /** Whether names that begin with a dot are left out below where the walk begins. Default: no. */
  readonly skipHidden?: boolean;
  /** Whether what `.gitignore`, `.ignore` and `.git/info/exclude` name is left out. Default: no. */
  readonly skipIgnored?: boolean;
}

export interface WalkStart {
  /** The workspace; rules of the folders between it and the start hold as well. */
  readonly root: string;
  /** A folder that is never entered. */
  readonly closed: string | undefined;
  readonly start: string;
}

/** Rules with the folder that they are of. */
interface Level {
  readonly folder: string;
  readonly rules: IgnoreRules;
}

interface Pending {
  readonly path: string;
  /** From the root downwards. */
  readonly levels: readonly Level[];
}

/** Later ones stand above earlier ones. */
const RULE_FILES = [".git/info/exclude", ".gitignore", ".ignore"];
const MAX_RULE_FILE = 256 * 1024;
/** What reading a folder may fail with because it is gone, closed to us or something else by now. */
const EXPECTED = ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP", "ENXIO"];

export async function* walkFolder({ root, closed, start }: WalkStart, options: WalkOptions): AsyncGenerator<string> {
  const { signal, skip, skipHidden = false, skipIgnored = false } = options;
  const above = skipIgnored ? await levelsAbove(root, start) : [];
  const pending: Pending[] = [{ path: start, levels: above }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    signal.throwIfAborted();
    const { path } = next;
    const levels = skipIgnored ? [...next.levels, ...(await levelsOf(path))] : next.levels;
    const name = nameBelow(root, path);
    const folders: Pending[] = [];
    for (const entry of await readFolder(path)) {
      const isFolder = entry.isDirectory();
      const child = join(path, entry.name);
      if (skipHidden && entry.name.startsWith(".")) continue;
      if (isFolder && (skip?.has(entry.name) || child === closed)) continue;
      if (isIgnored(levels, child, isFolder)) continue;
      if (entry.isFile()) yield name === "." ? entry.name : `${name}/${entry.name}`;
      else if (isFolder) folders.push({ path: child, levels });
    }
    pending.push(...folders.reverse());
  }
}

/** The nearest folder that says something has the last word. */
function isIgnored(levels: readonly Level[], path: string, isFolder: boolean): boolean {
  for (const { folder, rules } of levels.toReversed()) {
    const verdict = rules.verdict(nameBelow(folder, path), isFolder);
    if (verdict !== undefined) return verdict === "ignored";
  }
  return false;
}

async function levelsAbove(root: string, start: string): Promise<readonly Level[]> {
  const folders: string[] = [];
  for (let folder = start; folder !== root && folder !== dirname(folder); ) {
    folder = dirname(folder);
    folders.unshift(folder);
  }
  return (await Promise.all(folders.map(levelsOf))).flat();
}

async function levelsOf(folder: string): Promise<readonly Level[]> {
  const texts = await Promise.all(RULE_FILES.map((name) => readRules(join(folder, name))));
  return texts.flatMap((text) => (text === undefined ? [] : [{ folder, rules: parseIgnoreRules(text) }]));
}

/** Nothing when there is no such file, or nothing that could be meant as one. */
async function readRules(path: string): Promise<string | undefined> {
  try {
    await using file = await openFile(path);
    if (!file || (await file.stat()).size > MAX_RULE_FILE) return undefined;
    return await file.readFile("utf8");
  } catch (thrown) {
    if (EXPECTED.includes(codeOf(thrown))) return undefined;
    throw thrown;
  }
}

/** Nothing for a folder that is gone, closed to us, or not what it was when its parent was read. */
async function readFolder(path: string): Promise<Dirent[]> {
  try {
    await using folder = await holdFolder(path, path);
    return await sortedEntries(folder.path);
  } catch (thrown) {
    if (thrown instanceof AlephError || EXPECTED.includes(codeOf(thrown))) return [];
    throw thrown;
  }
}
