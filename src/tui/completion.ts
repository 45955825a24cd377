/** What may stand at the cursor: words behind a slash at the beginning of a message, files behind an @. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { SlashCommand } from "../panel/state/commands.ts";
import type { Field } from "./field.ts";
import { COMMANDS } from "./words.ts";

export interface Choice {
  /** What stands in the text once it is chosen. */
  readonly text: string;
  readonly shown: string;
  readonly note: string;
  /** A folder is chosen to go on in it. */
  readonly goesOn?: true;
}

export interface Menu {
  /** The piece of the text that a choice replaces. */
  readonly from: number;
  readonly to: number;
  readonly choices: readonly Choice[];
}

const MOST = 100;

/** Undefined where nothing is to be completed. */
export function menuAt(
  field: Field,
  { words, folder }: { words: readonly SlashCommand[]; folder: string },
): Menu | undefined {
  return slashMenu(field, words) ?? fileMenu(field, folder);
}

function slashMenu({ text, cursor }: Field, words: readonly SlashCommand[]): Menu | undefined {
  const typed = /^\/(\S*)$/.exec(text.slice(0, cursor))?.[1];
  if (typed === undefined || /\S/.test(text.slice(cursor))) return undefined;
  const own = COMMANDS.map(({ word, description }) => ({ word, description }));
  const others = words.filter(({ word }) => !COMMANDS.some((command) => command.word === word));
  const choices = [...own, ...others]
    .filter(({ word }) => word.startsWith(typed))
    .map(({ word, description }) => ({ text: `/${word}`, shown: `/${word}`, note: description }));
  return choices.length === 0 ? undefined : { from: 0, to: cursor, choices };
}

const AT = /(?:^|\s)(@(?:"([^"\n]*)|([^\s"]*)))$/;

function fileMenu({ text, cursor }: Field, folder: string): Menu | undefined {
  const found = AT.exec(text.slice(0, cursor));
  const [, whole = "", quoted, bare] = found ?? [];
  if (!found) return undefined;
  const typed = quoted ?? bare ?? "";
  const slash = typed.lastIndexOf("/") + 1;
  const [above, begun] = [typed.slice(0, slash), typed.slice(slash).toLowerCase()];
  const choices = entriesOf(resolve(folder, above || "."))
    .filter(({ name }) => name.toLowerCase().startsWith(begun) && (begun !== "" || !name.startsWith(".")))
    .slice(0, MOST)
    .map(({ name, isFolder }): Choice => {
      const path = `${above}${name}${isFolder ? "/" : ""}`;
      const needsQuotes = /\s/.test(path);
      const closing = needsQuotes && !isFolder ? '"' : "";
      const written = `@${needsQuotes ? '"' : ""}${path}${closing}`;
      return isFolder
        ? { text: written, shown: path, note: "folder", goesOn: true }
        : { text: `${written} `, shown: path, note: "attach" };
    });
  return choices.length === 0 ? undefined : { from: cursor - whole.length, to: cursor, choices };
}

function entriesOf(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() || isFolderBehind(folder, entry) }))
      .toSorted((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name));
  } catch {
    // No such folder, or one that may not be read: there is nothing to offer.
    return [];
  }
}

function isFolderBehind(folder: string, entry: { readonly name: string; isSymbolicLink(): boolean }): boolean {
  return entry.isSymbolicLink() && statOf(join(folder, entry.name))?.isDirectory() === true;
}

export interface NamedFile {
  readonly path: string;
  readonly shown: string;
  readonly size: number;
}

/** The files that a text names behind an @, each once; what is no file is just text. */
export function filesIn(text: string, folder: string): readonly NamedFile[] {
  const files = new Map<string, NamedFile>();
  for (const [, quoted, bare] of text.matchAll(/(?:^|\s)@(?:"([^"\n]+)"|([^\s"]+))/g)) {
    const shown = quoted ?? bare ?? "";
    const path = resolve(folder, shown);
    const found = statOf(path);
    if (found?.isFile()) files.set(path, { path, shown, size: found.size });
  }
  return [...files.values()];
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch {
    // No such file, one that may not be read, or no name for a file at all.
    return undefined;
  }
}
