/** One Chromium: its profile, its way to the network, its confinement; all of it gone when it is disposed. */
import { existsSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ConfinedChild, Sandbox } from "../sandbox/confinement.ts";
import type { Lookup } from "../sandbox/dial.ts";
import { watchOveruse } from "../sandbox/overuse.ts";
import { startProxy } from "../sandbox/proxy.ts";
import { removeTemporary } from "../sandbox/temporary-folders.ts";
import { chromiumSwitches, findChromium } from "./chromium.ts";
import { DevTools, type DevToolsEvent } from "./devtools.ts";
import { browserRules } from "./reach.ts";

export interface ChromiumOptions {
  readonly config: () => { readonly allow_hosts: readonly string[]; readonly executable: string };
  readonly sandbox: () => Promise<Sandbox>;
  /** Where profiles are made; nobody else's. */
  readonly folder: string;
  readonly onPath: (name: string) => string | null;
  readonly lookup: Lookup;
  readonly log: Log;
}

export interface ChromiumEvents {
  readonly onEvent: (event: DevToolsEvent) => void;
  /** It asked for what it may not reach; `target` is like `https://example.com:443`. */
  readonly onDenied: (target: string) => void;
}

/** Disposing kills it with all its processes and removes its profile. */
export interface Chromium extends AsyncDisposable {
  readonly devtools: DevTools;
  /** Empty; what it downloads comes here. */
  readonly downloads: string;
  /** What is to be uploaded must be here, where it can be read. */
  readonly uploads: string;
  /** For the proxy, which knows it by them. */
  readonly credentials: { readonly username: string; readonly password: string };
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<unknown>;
}

const PREFIX = "browser-";
const MEMORY = 4 * 1024 ** 3;
const PROCESSES = 1000;
/** Of one process. */
const FILE = 256 * 1024 ** 2;
const FONTS = [
  "/usr/share/fonts",
  "/usr/local/share/fonts",
  "/etc/fonts",
  "/usr/share/fontconfig",
  "/usr/share/mime",
  "/var/cache/fontconfig",
];
/** The protocol's pipes have the numbers 3 and 4; a child of ours speaks by the first two. */
const BY_PIPES = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null';

/** Throws `not_found` when there is no Chromium, `sandbox_denied` when it cannot be started with anything that confines it. */
export async function startChromium(options: ChromiumOptions, events: ChromiumEvents): Promise<Chromium> {
  const { config, folder, onPath, lookup, log } = options;
  if (process.platform === "win32") throw new AlephError("sandbox_denied", "There are no browser tools on Windows yet");
  const executable = findChromium(config().executable, onPath);
  await using stack = new AsyncDisposableStack();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const profile = await realpath(await mkdtemp(join(folder, PREFIX)));
  stack.defer(() => removeTemporary(profile));
  const [data, downloads, uploads, temporary] = ["data", "downloads", "uploads", "tmp"].map((name) =>
    join(profile, name),
  ) as [string, string, string, string];
  for (const path of [data, downloads, uploads, temporary]) await mkdir(path, { mode: 0o700 });
  const rules = browserRules(() => config().allow_hosts);
  const proxy = stack.use(await startProxy({ rules, lookup, onDenied: events.onDenied }));
  const start = await starting(options, { executable, profile, temporary, proxyPort: proxy.port });
  const { child, isConfined } = start;
  stack.use(child);
  const { username, password } = new URL(proxy.env.http_proxy ?? "");
  const devtools = new DevTools({
    input: child.stdin,
    output: child.stdout,
    onEvent: events.onEvent,
    onBroken(thrown) {
      log.warn("a browser was ended, because it said what is no message", describeError(thrown));
      child.kill("SIGKILL");
    },
  });
  stack.use(
    watchOveruse({
      pid: child.pid,
      memoryBytes: MEMORY,
      processes: PROCESSES,
      onOveruse(what) {
        log.warn("a browser was ended", { reason: what });
        child.kill("SIGKILL");
      },
    }),
  );
  void child.exited.then(() => devtools.end());
  void drain(child.stderr);
  log.info("browser started", { executable, pid: child.pid, sandbox: isConfined ? child.level : "Chromium's own" });
  const owned = stack.move();
  return {
    devtools,
    downloads,
    uploads,
    credentials: { username, password },
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      devtools.end();
      await owned.disposeAsync();
    },
  };
}

interface Start {
  readonly executable: string;
  readonly profile: string;
  readonly temporary: string;
  readonly proxyPort: number;
}

/**
 * Confined by us, so that the kernel lets it call the proxy and nothing else. Where that cannot be, Chromium's own sandbox
 * stands between a page and the machine, and its switches alone send it to the proxy; root has not even that.
 */
async function starting(
  { sandbox, log }: ChromiumOptions,
  { executable, profile, temporary, proxyPort }: Start,
): Promise<{ readonly child: ConfinedChild; readonly isConfined: boolean }> {
  const shell = realpathSync("/bin/sh");
  const command = (isConfined: boolean) => ({
    argv: [
      ...[shell, "-c", BY_PIPES, executable],
      ...chromiumSwitches({ profile: join(profile, "data"), proxyPort, isConfined }),
    ],
    cwd: profile,
    env: { HOME: profile, TMPDIR: temporary, XDG_CACHE_HOME: temporary, PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
    mayRunUnsandboxed: !isConfined,
    confinement: {
      read: FONTS.filter((path) => existsSync(path)).map((path) => realpathSync(path)),
      write: [profile, temporary],
      execute: [dirname(executable), shell],
      processes: PROCESSES,
      network: { proxyPort },
      localSockets: true as const,
      memoryBytes: MEMORY,
      fileBytes: FILE,
      openFiles: 8192,
      commands: { keep: [], hide: [], temporary },
    },
  });
  const confining = await sandbox();
  const { level, reason } = await confining.report();
  let obstacle = reason;
  if (level !== "none") {
    try {
      return { child: await confining.start(command(true)), isConfined: true };
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason !== "sandbox_denied") throw thrown;
      obstacle = thrown.message;
    }
  }
  if (process.geteuid?.() === 0) {
    throw new AlephError("sandbox_denied", "This machine cannot confine a browser that root starts", {
      data: { sandbox: obstacle, hint: "The server must run as an ordinary user to have browser tools here" },
    });
  }
  const { createSandbox } = await import("../sandbox/sandbox.ts");
  const child = await createSandbox({ methods: () => [] }).start(command(false));
  log.warn("the browser is confined by its own sandbox only", { reason: obstacle });
  return { child, isConfined: false };
}

/** Profiles of a server that was killed. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // Nothing was ever left there.
  const left = names.filter((name) => name.startsWith(PREFIX));
  await Promise.all(left.map((name) => removeTemporary(join(folder, name))));
}

/** It says much, none of which helps. A pipe that is full would stop it. */
async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}
