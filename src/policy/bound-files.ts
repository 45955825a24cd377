/** Says what a command names in the file system as it is now, so that an approval holds for exactly that. */
import { type BigIntStats, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BoundFile, CommandSite } from "./command.ts";
import { createResolver, expandHome, MAX_PATH } from "./guarded-path.ts";
import type { NamedWords } from "./shell-words.ts";

export interface Bound {
  readonly cwd_id: string;
  readonly programs: readonly BoundFile[];
  readonly files: readonly BoundFile[];
}

/** Content hashes of programs by their path and state: they are large, seldom change, and are asked for at each call. */
export type ProgramHashes = Map<string, string>;

/** A command that names more is bound to these, and to the state of the others. */
const MAX_HASHED_FILES = 64;
const MAX_HASHED_BYTES = 64 * 1024 * 1024;
const MAX_KNOWN_PROGRAMS = 256;
/** Folders of a line in which its names are looked for, and how many names that may be. */
const MAX_FOLDERS = 16;
const MAX_PIECES = 1000;
const ANY_EXECUTE = 0o111n;

/** What a line names now; nothing of a word that only a shell could tell. */
export async function boundTo(named: NamedWords, site: CommandSite, known: ProgramHashes): Promise<Bound> {
  const programs = new Set([...named.programs].flatMap((name) => programFile(name, site) ?? []));
  const files = filesNamed(named.words, site).filter((path) => !programs.has(path));
  let left = MAX_HASHED_BYTES;
  const bindFile = async (path: string, at: number): Promise<BoundFile | undefined> => {
    const stats = statOf(path);
    if (!stats) return undefined;
    const size = Number(stats.size);
    if (at >= MAX_HASHED_FILES || size > left) return { path, sha256: hashOfState(stats) };
    left -= size;
    return { path, sha256: await hashOf(path, stats) };
  };
  const boundFiles: BoundFile[] = [];
  for (const [at, path] of [...new Set(files)].sort().entries()) {
    const bound = await bindFile(path, at);
    if (bound) boundFiles.push(bound);
  }
  const boundPrograms: BoundFile[] = [];
  for (const path of [...programs].sort()) {
    const sha256 = await programHash(path, known);
    if (sha256 !== undefined) boundPrograms.push({ path, sha256 });
  }
  const folder = statSync(site.cwd, { bigint: true, throwIfNoEntry: false });
  return { cwd_id: folder ? `${folder.dev}:${folder.ino}` : "", programs: boundPrograms, files: boundFiles };
}

/** The file behind a program's name, links resolved; nothing for a builtin of the shell and for what is not there. */
export function programFile(name: string, { cwd, path, guarded }: CommandSite): string | undefined {
  if (name.length > MAX_PATH || name.includes("\0") || name === "") return undefined;
  const candidates = name.includes("/")
    ? [createResolver()(cwd, expandHome(name, guarded.userHome))]
    : path.map((folder) => join(folder, name));
  for (const candidate of candidates) {
    const stats = statOf(candidate);
    if (stats && (stats.mode & ANY_EXECUTE) !== 0n) return realOf(candidate);
  }
  return undefined;
}

export async function programHash(path: string, known: ProgramHashes): Promise<string | undefined> {
  const stats = statOf(path);
  if (!stats) return undefined;
  const key = `${path}\n${stateOf(stats)}`;
  let hash = known.get(key);
  if (hash === undefined) {
    hash = await hashOf(path, stats);
    if (known.size >= MAX_KNOWN_PROGRAMS) known.clear();
    known.set(key, hash);
  }
  return hash;
}

/**
 * Regular files that words name: as a whole, behind `=`, `@` and `:`, and in a word that may be a script. A name without a
 * folder is looked for in each folder that the line names too: `cd app && sh build.sh`.
 */
function filesNamed(words: Iterable<string>, site: CommandSite): string[] {
  const pieces = [...new Set([...words].flatMap((word) => piecesOf(word, site)))];
  const resolved = createResolver();
  const folders = [site.cwd];
  const found: string[] = [];
  for (const folder of folders) {
    for (const piece of pieces) {
      const path = resolved(folder, piece);
      const stats = lookAt(path);
      if (stats?.isFile()) found.push(path);
      const isNew = stats?.isDirectory() && !folders.includes(path);
      if (isNew && folders.length < MAX_FOLDERS && pieces.length <= MAX_PIECES) folders.push(path);
    }
  }
  return found;
}

/** As a shell reads them here, where the home folder is the workspace, and as a person does. */
function piecesOf(word: string, { cwd, workspace, guarded }: CommandSite): string[] {
  if (word.length > MAX_PATH || word.includes("\0")) return [];
  return [word, ...word.split(/[=@:,]/).slice(1), ...word.split(/[\s;|&]+/)]
    .filter((piece) => piece !== "" && !piece.startsWith("-"))
    .map((piece) => piece.replace(/^(?:\$PWD|\$\{PWD\})(?=\/|$)/, () => cwd))
    .flatMap((piece) => [expandHome(piece, workspace), expandHome(piece, guarded.userHome)]);
}

/** Nothing unless it is a regular file that can be looked at: a pipe must not be opened. */
function statOf(path: string): BigIntStats | undefined {
  const stats = lookAt(path);
  return stats?.isFile() ? stats : undefined;
}

function lookAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    // Closed to us, or no possible path: the command cannot use it either.
    return undefined;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // Gone in this moment.
    return undefined;
  }
}

/** Time of change counts: unlike the time of writing, nobody can set it back. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function hashOfState(stats: BigIntStats): string {
  return new Bun.CryptoHasher("sha256").update(stateOf(stats)).digest("hex");
}

async function hashOf(path: string, stats: BigIntStats): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  try {
    for await (const part of Bun.file(path).stream()) hasher.update(part);
  } catch {
    // What we may not read the command may not read either; its state still says when it changes.
    return hashOfState(stats);
  }
  return hasher.digest("hex");
}
