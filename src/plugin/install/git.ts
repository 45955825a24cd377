/** Gets one commit of a repository with the machine's git, which runs nothing of it and asks for nothing. */
import { lstat, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AlephError } from "../../protocol/errors.ts";
import { commandEnvironment, spawnCommand } from "../../sandbox/spawn.ts";
import { refused } from "./entry.ts";

export interface GitOptions {
  /** Folders in which programs are looked for. */
  readonly path: () => readonly string[];
  /** Default: 5 minutes. */
  readonly timeoutMs?: number;
}

export interface CloneOptions extends GitOptions {
  /** Is there and empty. */
  readonly folder: string;
  readonly maxBytes: number;
}

const TIMEOUT_MS = 300_000;
const WATCH_MS = 500;

/** Nothing that a repository or this machine's configuration says may start a program, reach another host or ask. */
const SETTINGS = [
  "protocol.allow=never",
  "protocol.https.allow=always",
  "protocol.http.allow=always",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "core.autocrlf=false",
  "core.protectHFS=true",
  "core.protectNTFS=true",
  "credential.helper=",
  "core.askPass=",
  "http.followRedirects=initial",
  "transfer.fsckObjects=true",
  "transfer.bundleURI=false",
  "submodule.recurse=false",
  "fetch.recurseSubmodules=false",
  "gc.auto=0",
  "maintenance.auto=false",
  "advice.detachedHead=false",
];

/** Throws `not_found` when the repository or the ref is not there, or git is not installed; `plugin_error`, `timeout`. */
export async function cloneRepository(
  { url, ref }: { readonly url: URL; readonly ref: string },
  { folder, maxBytes, path, timeoutMs = TIMEOUT_MS }: CloneOptions,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const env = {
    // Its home is not the repository, where a file could pass for this person's configuration.
    ...commandEnvironment({ path: path(), workspace: dirname(folder) }),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_ASKPASS: "",
    GIT_LFS_SKIP_SMUDGE: "1",
  };
  const git = async (...args: readonly string[]) => {
    signal.throwIfAborted();
    const argv = ["git", ...SETTINGS.flatMap((setting) => ["-c", setting]), ...args];
    const options = { cwd: folder, env, signal: AbortSignal.any([signal, stop.signal]), timeoutMs, maxOutput: 4096 };
    const result = await spawnCommand({ argv, ...options });
    signal.throwIfAborted();
    stop.signal.throwIfAborted();
    if (result.timedOut) throw new AlephError("timeout", `"${url.host}" took longer than ${timeoutMs / 1000} s`);
    return result;
  };
  const watch = setInterval(async () => {
    if ((await sizeOf(folder, maxBytes)) > maxBytes)
      stop.abort(refused(`The repository is larger than ${maxBytes} bytes`));
  }, WATCH_MS);
  try {
    // No templates: they may hold hooks.
    const made = await git("init", "--quiet", "--template=", ".").catch((cause) => {
      if (!(cause instanceof AlephError) || cause.reason !== "not_found") throw cause;
      const hint = "Install git, or download the plugin as an archive";
      throw new AlephError("not_found", "The program git is not installed", { cause, data: { hint } });
    });
    if (made.exitCode !== 0) throw failed("The repository cannot be prepared", made.output);
    const fetched = await git(
      "fetch",
      "--quiet",
      "--depth=1",
      "--no-tags",
      "--no-recurse-submodules",
      "--",
      url.href,
      ref,
    );
    if (fetched.exitCode !== 0)
      throw failed(`"${url.host}${url.pathname}" has no ${ref}, or cannot be read`, fetched.output);
    const checkedOut = await git("checkout", "--quiet", "--detach", "FETCH_HEAD");
    if (checkedOut.exitCode !== 0) throw failed("The repository cannot be checked out", checkedOut.output);
  } finally {
    clearInterval(watch);
  }
  await rm(join(folder, ".git"), { recursive: true, force: true });
}

function failed(what: string, output: string): AlephError {
  const said = output
    .trim()
    .split("\n")
    .findLast((line) => line !== "");
  return new AlephError(
    "not_found",
    what,
    said === undefined ? {} : { data: { hint: `git says: ${said.slice(0, 300)}` } },
  );
}

/** Stops counting once it is over `limit`. */
async function sizeOf(folder: string, limit: number): Promise<number> {
  let size = 0;
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) size += await sizeOf(path, limit - size);
      else size += (await lstat(path)).size;
      if (size > limit) return size;
    }
  } catch {
    // Files come and go while git works: the next look counts them.
  }
  return size;
}
