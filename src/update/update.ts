/** Looks for a newer version, fetches it and puts it in the place of this one. */
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Build, ReleaseSource } from "../lib/build.ts";
import { lockFile } from "../lib/file-lock.ts";
import { readAtMost } from "../lib/read-at-most.ts";
import { AlephError } from "../protocol/errors.ts";
import { systemFailureOf } from "../protocol/system-failures.ts";
import { packageManagerOf } from "./owner.ts";
import { type Release, readRelease } from "./release.ts";
import { previousOf, removeLeftovers, swapBack, swapIn, temporaryOf } from "./swap.ts";

export interface UpdateOptions {
  /** Of this executable; nothing when it runs from source. */
  readonly build: Build | undefined;
  readonly version: string;
  /** Path of the executable. */
  readonly executable: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Another folder with the same files, as a mirror has them. */
  readonly from?: string | undefined;
  /** What a new executable calls itself when it is started, such as `0.2.0`; rejects when it does not start. */
  readonly versionOf: (executable: string) => Promise<string>;
  /** From 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

export interface Found {
  readonly current: string;
  readonly newest: string;
  readonly releasedAt: string;
  readonly isNewer: boolean;
}

/** Descriptions are small; a server that sends more means something else. */
const MAX_DESCRIPTION = 256 * 1024;
const MAX_SIGNATURE = 1024;

/** Throws `forbidden` for a description that is not signed, `not_found` where there is none, `invalid_params` for a mirror without address. */
export async function findRelease(options: UpdateOptions): Promise<Found & { readonly release: Release }> {
  const { key } = sourceOf(options);
  const [text, signature] = await Promise.all([
    fetchText(options, "latest.json", MAX_DESCRIPTION),
    fetchText(options, "latest.json.sig", MAX_SIGNATURE),
  ]);
  const release = await readRelease(text, signature, key);
  const { version: current } = options;
  const isNewer = Bun.semver.order(release.version, current) > 0;
  return { current, newest: release.version, releasedAt: release.released_at, isNewer, release };
}

/**
 * Fetches it, checks size and sum, starts it once to see its version, and only then swaps. Throws `conflict` when something
 * else looks after the executable, `forbidden` when it may not be replaced or what came is not what was signed. Whatever fails,
 * this executable stays.
 */
export async function installRelease(options: UpdateOptions, release: Release): Promise<void> {
  const { executable } = options;
  const { target } = builtFor(options);
  const wanted = release.executables[target];
  if (!wanted) throw new AlephError("not_found", `Version ${release.version} has no executable for ${target}`);
  using _ = await own(options);
  removeLeftovers(executable);
  const next = temporaryOf(executable);
  try {
    await download(options, wanted, next);
    const told = await toldBy(options, next, "The new executable");
    if (told !== release.version) {
      throw new AlephError("conflict", `The new executable says that it is version ${JSON.stringify(told)}`);
    }
    options.signal.throwIfAborted();
    swapIn(executable, next);
  } finally {
    await rm(next, { force: true });
  }
}

/** Throws `not_found` without an executable from before, `conflict` for one that does not start. */
export async function goBack(options: UpdateOptions): Promise<{ readonly version: string }> {
  const { executable } = options;
  builtFor(options);
  using _ = await own(options);
  removeLeftovers(executable);
  const previous = previousOf(executable);
  const version = existsSync(previous) ? await toldBy(options, previous, "The executable from before") : "";
  swapBack(executable);
  return { version };
}

/** The version that an executable says it is. */
async function toldBy({ versionOf }: UpdateOptions, executable: string, name: string): Promise<string> {
  try {
    return await versionOf(executable);
  } catch (cause) {
    throw new AlephError("conflict", `${name} does not start on this machine`, { cause });
  }
}

function builtFor({ build }: UpdateOptions): Build {
  if (build) return build;
  throw new AlephError("conflict", "Aleph runs from its sources here", { data: { hint: "git pull" } });
}

function sourceOf(options: UpdateOptions): ReleaseSource {
  const { releases } = builtFor(options);
  if (releases) return { ...releases, url: options.from ?? releases.url };
  throw new AlephError("conflict", "This executable was built without a place that its newer versions come from", {
    data: { hint: "Build it with: bun run build --releases URL --release-key KEY" },
  });
}

/** One at a time, and nobody else's executable. */
async function own({ executable }: UpdateOptions): Promise<Disposable> {
  const manager = packageManagerOf(realpathSync(executable));
  if (manager) {
    throw new AlephError("conflict", `${manager.name} installed this executable and looks after it`, {
      data: { hint: manager.command },
    });
  }
  try {
    // A lock that is there already can be taken in a place that is read-only.
    accessSync(dirname(executable), constants.W_OK);
    const lock = await lockFile(join(dirname(executable), ".aleph-update.lock"), { timeoutMs: 0 });
    if (lock) return lock;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "SQLITE_FULL") throw cause;
    throw new AlephError("forbidden", `Nothing can be written to "${dirname(executable)}"`, {
      cause,
      data: {
        hint: "Run it as the user who put the executable there, or get the new version in the way in which this one came",
      },
    });
  }
  throw new AlephError("conflict", "Another update is under way");
}

async function fetchText(options: UpdateOptions, file: string, most: number): Promise<string> {
  const text = await readAtMost(await ask(options, file), most);
  if (!text) throw new AlephError("payload_too_large", `"${file}" is larger than ${most} bytes`);
  return new TextDecoder().decode(text);
}

/** The file of the folder that newer versions come from. */
async function ask(options: UpdateOptions, file: string, how: BunFetchRequestInit = {}): Promise<Response> {
  const { fetch, signal } = options;
  const { url: folder } = sourceOf(options);
  const url = URL.parse(file, `${folder.replace(/\/+$/, "")}/`);
  if (!url) {
    throw new AlephError("invalid_params", `${JSON.stringify(folder)} is not an address`, {
      data: { hint: "Write it as https://example.org/aleph" },
    });
  }
  let answer: Response;
  try {
    answer = await fetch(url, { signal, redirect: "follow", ...how });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AlephError("not_found", `"${url.host}" cannot be reached`, { cause });
  }
  if (answer.ok && answer.body) return answer;
  // Without the name and password that a mirror may be asked with.
  const shown = `${url.origin}${url.pathname}`;
  throw new AlephError("not_found", `"${shown}" answered with status ${answer.status}`);
}

async function download(
  options: UpdateOptions,
  { file, bytes, sha256 }: Release["executables"][string],
  to: string,
): Promise<void> {
  const { signal, executable, onProgress = () => undefined } = options;
  // Some servers call what is compressed already an encoding of the transfer: what they send is unpacked here, and once.
  const { body } = await ask(options, file, { decompress: false, headers: { "Accept-Encoding": "identity" } });
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  await using out = await open(to, O_WRONLY | O_CREAT | O_EXCL, 0o755);
  const hash = new Bun.CryptoHasher("sha256");
  let length = 0;
  try {
    for await (const chunk of gunzipped(body!)) {
      length += chunk.length;
      if (length > bytes) break;
      hash.update(chunk);
      await out.writeFile(chunk);
      onProgress(length / bytes);
    }
  } catch (cause) {
    signal.throwIfAborted();
    // What stands in the way of writing is no fault of the transfer.
    if (systemFailureOf(cause)) throw cause;
    throw new AlephError("conflict", `"${file}" did not come whole`, { cause, data: { hint: "Try again" } });
  }
  if (length !== bytes || hash.digest("hex") !== sha256) {
    throw new AlephError("forbidden", `"${file}" is not the file that was signed`, {
      data: { hint: "Nothing was changed; try again, and elsewhere if it stays so" },
    });
  }
  await out.sync();
  // As the present one may be started, and whose it is when root looks after it for somebody.
  const { mode, uid, gid } = await stat(executable);
  if (process.getuid?.() === 0) await out.chown(uid, gid);
  await out.chmod(mode & 0o777);
}

function gunzipped(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  // Bun's type of the stream is narrower than what it takes.
  return body.pipeThrough(new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>);
}
