/** The rules of the floor that look at every word, whatever program it is for. */
import { resolve, sep } from "node:path";
import { isPublicAddress } from "../lib/ip-address.ts";
import type { CommandSite } from "./command.ts";
import { createGuard, expandHome, MAX_PATH } from "./guarded-path.ts";

/** Where clouds hand out the credentials of a machine. */
const METADATA_NAMES = new Set(["metadata", "metadata.google.internal", "metadata.goog", "instance-data"]);
const METADATA_ADDRESSES =
  /^(?:169\.254\.|100\.100\.100\.200$|192\.0\.0\.192$)|^\[(?:fd00:ec2::254|fe80:|::ffff:a9fe:)/;

const METADATA = "It calls the metadata service of a cloud";
const GUARDED = "It touches Aleph's own files";

export function metadataMention(words: ReadonlySet<string>): string | undefined {
  for (const word of words) {
    for (const host of hostsIn(word)) {
      if (METADATA_NAMES.has(host) && word.includes("/")) return METADATA;
      if (METADATA_ADDRESSES.test(canonicalHost(host))) return METADATA;
    }
  }
  return undefined;
}

export function guardedMention(
  words: ReadonlySet<string>,
  texts: readonly string[],
  site: CommandSite,
): string | undefined {
  const isGuarded = createGuard(site);
  const isMention = (path: string) => isGuarded(path) || (/[*?[]/.test(path) && mayExpandInto(path, site, isGuarded));
  for (const word of words) if (pathsIn(word, site).some(isMention)) return GUARDED;
  for (const text of texts) {
    if (text.includes("ALEPH_HOME") || literalMentions(text, site).some(isGuarded)) return GUARDED;
  }
  return undefined;
}

/** The word itself and what follows in `--file=x`, `of=x`, `@x`, `file://x`. */
function pathsIn(word: string, { guarded }: CommandSite): string[] {
  if (word.length > MAX_PATH || word.includes("\0")) return [];
  const pieces = [word, ...word.split(/[=:@,]/).slice(1), word.replace(/^\w+:\/\//, "")];
  return [...new Set(pieces)].filter((piece) => piece !== "").map((piece) => expandHome(piece, guarded.userHome));
}

/** Whether the shell could expand `pattern` to something in ALEPH_HOME: compared folder by folder. */
function mayExpandInto(word: string, site: CommandSite, isGuarded: (path: string) => boolean): boolean {
  if (isGuarded(word.slice(0, word.search(/[*?[]/)))) return true;
  const pattern = resolve(site.cwd, word);
  const wanted = pattern.split(sep);
  const home = site.guarded.home.path.split(sep);
  if (wanted.length < home.length) return false;
  // Below the workspace's own path nothing else can match.
  if (pattern.startsWith(site.workspace + sep)) return false;
  return home.every((name, index) => matches(wanted[index]!, name));
}

/** As a shell does: a name that begins with a dot is not found by a star. */
function matches(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  return (!name.startsWith(".") || pattern.startsWith(".")) && new Bun.Glob(pattern).match(name);
}

/** Paths into ALEPH_HOME that stand anywhere in a text, such as in a script for an interpreter. */
function literalMentions(text: string, { guarded: { home } }: CommandSite): string[] {
  const found: string[] = [];
  for (let at = text.indexOf(home.path); at !== -1; at = text.indexOf(home.path, at + 1)) {
    const end = at + home.path.length;
    // The name of a neighbour may begin with the same letters.
    const [rest] = /^[^\s"'`;|&<>(),\\]*/.exec(text.slice(end, end + MAX_PATH)) ?? [""];
    found.push(resolve(home.path + rest));
  }
  return found;
}

function hostsIn(word: string): string[] {
  const authority = word
    .replace(/^[\w.-]*=/, "")
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, "")
    .replace(/^[^/@]*@/, "");
  const host = /^(?:\[[^\]]*\]|[^/:?#]*)/.exec(authority)?.[0] ?? "";
  return host === "" ? [] : [host.toLowerCase().replace(/\.$/, "")];
}

/** As a URL would spell it: `0xa9fea9fe` and `2852039166` are `169.254.169.254`. */
function canonicalHost(host: string): string {
  if (!/^(?:\[[0-9a-f:.]+\]|[0-9a-fx.]+)$/i.test(host) || isPublicAddress(host)) return host;
  return URL.parse(`http://${host}/`)?.hostname ?? host;
}
