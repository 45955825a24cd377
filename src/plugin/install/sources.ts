/** Where a plugin comes from, as a person names it, and the way from there into a folder. */
import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isAddress, reachOf } from "../../lib/ip-address.ts";
import { AlephError } from "../../protocol/errors.ts";
import { createNetworkDoor } from "../../sandbox/broker.ts";
import { hostOf, type Lookup, portOf } from "../../sandbox/dial.ts";
import { unpackArchive } from "./archive.ts";
import { type InstallLimits, refused } from "./entry.ts";
import { copyFolder } from "./folder.ts";
import { cloneRepository, type GitOptions } from "./git.ts";
import { findRoot } from "./root.ts";

export type Source =
  /** A folder or an archive on this machine. */
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "url"; readonly url: URL }
  | { readonly kind: "git"; readonly url: URL; readonly ref: string };

export interface SourceOptions {
  readonly lookup: Lookup;
  readonly fetch: typeof fetch;
  readonly git: GitOptions;
  readonly limits: InstallLimits;
  /** Where in a folder is what is to be installed; default: where a plugin's manifest is. Throws when it is not there. */
  readonly root?: (folder: string) => Promise<string>;
}

const FORMS = "A folder, a .zip, a .tgz, an https URL of one, or a git repository as git+https://host/path#ref";
const REF = /^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/;

/** Throws `invalid_params` for what is none, `forbidden` for a way that is not safe. */
export function parseSource(text: string): Source {
  const wrong = (why: string, shown = text.slice(0, 200)) =>
    new AlephError("invalid_params", `"${shown}" ${why}`, { data: { hint: FORMS } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  if (text === "" || /[\u0000-\u001f\u007f]/.test(text)) throw wrong("is no source of a plugin");
  const [, git, scheme] = /^(git\+)?([a-z][a-z0-9+.-]+):\/\//i.exec(text) ?? [];
  if (scheme === undefined) {
    if (/^[^/\\]+@[^/\\]+:/.test(text)) throw wrong("would need your SSH key; clone it and install the folder");
    if (isAbsolute(text)) return { kind: "path", path: text };
    throw wrong("is not an absolute path, nor a URL");
  }
  const url = URL.parse(git === undefined ? text : text.slice(git.length));
  if (!url || url.hostname === "") throw wrong("is not a URL", scheme);
  // What is shown of it holds no name or password.
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isThisMachine(url))) {
    throw wrong("is not an https URL; what comes another way can be changed under way", `${scheme}://${url.host}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new AlephError("forbidden", "A source may not hold a name or password", {
      data: { hint: "Download or clone it yourself, and install the folder" },
    });
  }
  const ref = url.hash.slice(1);
  url.hash = "";
  if (git === undefined && !url.pathname.endsWith(".git")) return { kind: "url", url };
  if (ref !== "" && (!REF.test(ref) || ref.includes(".."))) throw wrong("names no branch, tag or commit after #");
  return { kind: "git", url, ref: ref === "" ? "HEAD" : ref };
}

/** As it is recorded and shown. */
export function describeSource(source: Source): string {
  if (source.kind === "path") return source.path;
  return source.kind === "url" ? source.url.href : `git+${source.url.href}#${source.ref}`;
}

/**
 * Puts what is there into `folder`, which is there and empty; `scratch` is another such folder. Throws `plugin_error` for
 * what breaks a rule, `not_found` when it is not there, `timeout`, and what `signal` says on abort.
 */
export async function fetchSource(
  source: Source,
  { folder, scratch, ...options }: SourceOptions & { readonly folder: string; readonly scratch: string },
  signal: AbortSignal,
): Promise<void> {
  const { limits, root = findRoot } = options;
  if (source.kind === "url") {
    const archive = join(scratch, "archive");
    await download(source.url, archive, options, signal);
    await unpackArchive(archive, folder, limits);
  } else if (source.kind === "git") {
    const repository = join(scratch, "repository");
    await mkdir(repository);
    await cloneRepository(source, { ...options.git, folder: repository, maxBytes: limits.totalBytes }, signal);
    await copyFolder(repository, folder, limits);
  } else {
    const stats = await stat(source.path).catch((cause: NodeJS.ErrnoException) => {
      const why = cause.code === "ENOENT" || cause.code === "ENOTDIR" ? "is not there" : "cannot be read";
      throw new AlephError("not_found", `${JSON.stringify(source.path)} ${why}`, { cause });
    });
    // Before it is copied: somebody may have named a folder with all that they have.
    if (stats.isDirectory()) await copyFolder(await root(source.path), folder, limits);
    else if (stats.isFile()) await unpackArchive(source.path, folder, limits);
    else throw refused(`${JSON.stringify(source.path)} is neither a folder nor a file`);
  }
}

async function download(
  url: URL,
  to: string,
  { lookup, fetch, limits: { archiveBytes } }: SourceOptions,
  signal: AbortSignal,
): Promise<void> {
  // The owner named this host; where it sends us on to must be on the public internet.
  const own = `connect:${url.protocol}//${url.hostname}:${portOf(url)}`;
  const door = createNetworkDoor({ rules: [own, "connect:https://*"], lookup, fetch, onDenied: () => {} });
  const response = await door.fetch({ url: url.href, method: "GET", headers: [] }, signal);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new AlephError("not_found", `"${url.host}" answers with status ${response.status}`);
  }
  let size = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > archiveBytes) throw refused(`The archive is larger than ${archiveBytes} bytes`);
      yield chunk;
    }
  };
  await pipeline(Readable.from(counted(response.body)), createWriteStream(to, { flags: "wx", mode: 0o600 }), {
    signal,
  });
}

function isThisMachine(url: URL): boolean {
  const host = hostOf(url);
  return isAddress(host) ? reachOf(host) === "loopback" : host === "localhost" || host.endsWith(".localhost");
}
