/** How a command reaches Aleph: a server that runs, or the core inside the command's own process on the same home. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, type ClientState, type Credentials, connect } from "../client/client.ts";
import type { Transport } from "../client/transport.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { findInstance, type Instance } from "../config/instance.ts";
import { formatLogLine, LOG_LEVELS, type LogEntry } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Invocation } from "./command.ts";
import { unreachable } from "./failure.ts";
import { homeOf, type ServerFlags } from "./flags.ts";

export interface Connected {
  readonly client: Client;
  /** Where the server is; nothing when the core runs in this process. */
  readonly url: string | undefined;
}

export interface ConnectionOptions {
  /** Refuse to start the core here: the command is about a server. */
  readonly serverOnly?: boolean;
  /** Take up runs that an earlier process left open, when the core is started here. */
  readonly recover?: boolean;
  /** Connect again after a loss, for commands that take long. */
  readonly reconnect?: boolean;
  readonly onState?: (state: ClientState) => void;
  /** How long the server may take to answer at first. Default: 10 s. */
  readonly handshakeMs?: number;
}

/** How long another command may hold the home before this one gives up. */
const BUSY_MS = 10_000;
const BUSY_NOTICE_MS = 1_000;
const HANDSHAKE_MS = 10_000;

/** Connects, runs `use`, and leaves nothing behind. Throws `AlephError`. */
export async function withClient<T>(
  flags: ServerFlags,
  { env, terminal }: Pick<Invocation, "env" | "terminal">,
  use: (connected: Connected) => Promise<T>,
  options: ConnectionOptions = {},
): Promise<T> {
  const home = homeOf(flags, env);
  // A home that is named on the command line is meant, whatever address the environment holds.
  const address = flags.url ?? (flags.home ? undefined : env.url);
  if (address !== undefined) {
    const url = toSocketUrl(address);
    return withServer(url, tokenFor(url, home, env), use, options);
  }

  const began = performance.now();
  for (let told = false; ; await sleep(50)) {
    const instance = await findInstance(home);
    if (instance?.url !== undefined) {
      return withServer(toSocketUrl(instance.url), homeToken(home, env), use, options);
    }
    if (options.serverOnly && !instance) throw noServer(home);
    if (!instance) {
      const result = await withCore(home, env, terminal.err.write, use, options);
      if (result !== "busy") return result.value;
    }
    const waited = performance.now() - began;
    if (waited > BUSY_MS) throw busy(home, instance);
    if (waited > BUSY_NOTICE_MS && !told) {
      told = true;
      terminal.err.write(
        `Waiting for another command that uses ${home.path}${instance ? ` (pid ${instance.pid})` : ""} …\n`,
      );
    }
  }
}

/** Where a server answers over HTTP, and the token for it. Throws when none runs for this home. */
export async function findServer(
  flags: ServerFlags,
  env: Environment,
): Promise<{ readonly origin: string; readonly token: string | undefined }> {
  const home = homeOf(flags, env);
  const address = flags.url ?? (flags.home ? undefined : env.url);
  const named = address ?? (await findInstance(home))?.url;
  if (named === undefined) throw noServer(home);
  const url = toSocketUrl(named);
  const credentials = address === undefined ? homeToken(home, env)() : tokenFor(url, home, env)();
  return { origin: originOf(url), token: credentials && "token" in credentials ? credentials.token : undefined };
}

async function withServer<T>(
  url: string,
  credentials: () => Credentials | undefined,
  use: (connected: Connected) => Promise<T>,
  options: ConnectionOptions,
): Promise<T> {
  let isLost = false;
  const onState = (state: ClientState) => {
    isLost = state.kind === "disconnected";
    options.onState?.(state);
  };
  using client = await openClient(url, credentials, { ...options, onState });
  try {
    return await use({ client, url });
  } catch (thrown) {
    if (!isLost || !(thrown instanceof AlephError) || thrown.reason !== "cancelled") throw thrown;
    throw unreachable(
      `The server at ${originOf(url)} closed the connection`,
      "See whether it runs: aleph status",
      thrown,
    );
  }
}

async function openClient(
  url: string,
  credentials: () => Credentials | undefined,
  { reconnect = false, handshakeMs = HANDSHAKE_MS, onState }: ConnectionOptions,
): Promise<Client> {
  // Loaded here: a core in this process needs no socket.
  const { openWebSocket } = await import("../client/transport.ts");
  const late = new AbortController();
  let opened: Transport | undefined;
  const timer = setTimeout(() => {
    late.abort();
    opened?.close();
  }, handshakeMs);
  try {
    return await connect({
      open: async () => {
        opened = await openWebSocket(url, { signal: late.signal });
        return opened;
      },
      credentials,
      client: { id: "cli", version: VERSION, platform: process.platform },
      reconnect,
      ...(onState ? { onState } : {}),
    });
  } catch (thrown) {
    if (late.signal.aborted) {
      const hint = "Check that it is an Aleph server, then try again";
      throw unreachable(`The server at ${originOf(url)} does not answer`, hint, thrown);
    }
    if (thrown instanceof AlephError && thrown.reason !== "cancelled") throw explainRefusal(thrown);
    throw unreachable(`No server answers at ${originOf(url)}`, "Start it with: aleph serve", thrown);
  } finally {
    clearTimeout(timer);
  }
}

async function withCore<T>(
  home: Home,
  env: Environment,
  write: (text: string) => void,
  use: (connected: Connected) => Promise<T>,
  { recover = false, onState }: ConnectionOptions,
): Promise<{ readonly value: T } | "busy"> {
  const { startApp } = await import("../app.ts");
  let app: Awaited<ReturnType<typeof startApp>>;
  try {
    app = await startApp({ home, env, listen: false, recover, writeLog: quietLog(env, write) });
  } catch (thrown) {
    if (thrown instanceof AlephError && thrown.reason === "conflict") return "busy";
    throw thrown;
  }
  await using _app = app;
  using client = await connect({
    open: () => app.openLocal(),
    client: { id: "cli", version: VERSION, platform: process.platform },
    ...(onState ? { onState } : {}),
  });
  return { value: await use({ client, url: undefined }) };
}

/** Inside a command only failures are of interest, unless the person asked for more. */
function quietLog(env: Environment, write: (text: string) => void): (entry: LogEntry) => void {
  const least = env.logLevel === undefined ? LOG_LEVELS.indexOf("error") : 0;
  return (entry) => {
    if (LOG_LEVELS.indexOf(entry.level) >= least) write(`${formatLogLine(entry)}\n`);
  };
}

/** `http://host:1` and `ws://host:1` to `ws://host:1/ws`. Throws `invalid_params`. */
export function toSocketUrl(address: string): string {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(address) ? address : `http://${address}`);
  } catch (cause) {
    throw invalidAddress(address, cause);
  }
  const protocol = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[url.protocol];
  if (!protocol || url.username !== "" || url.password !== "") throw invalidAddress(address);
  // What listens on every address is reached at loopback.
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  const path = url.pathname === "/" ? "/ws" : url.pathname;
  return `${protocol}//${url.host}${path}${url.search}`;
}

function invalidAddress(address: string, cause?: unknown): AlephError {
  return new AlephError("invalid_params", `${JSON.stringify(address)} is not the address of a server`, {
    cause,
    data: { hint: "Write it as http://127.0.0.1:18790, without user or password; the token comes from ALEPH_TOKEN" },
  });
}

/** For the home's own server. */
function homeToken(home: Home, env: Environment): () => Credentials | undefined {
  return () => toCredentials(readToken(home) ?? env.token);
}

/** For an address that somebody named. The home's token goes to this machine only: a wrong address must not get hold of it. */
function tokenFor(address: string, home: Home, env: Environment): () => Credentials | undefined {
  return () => toCredentials(env.token ?? (isLoopback(address) ? readToken(home) : undefined));
}

function toCredentials(token: string | undefined): Credentials | undefined {
  return token === undefined ? undefined : { token };
}

/** Nothing when there is none: with auth.mode = "none" none is needed, otherwise the server says so. */
function readToken(home: Home): string | undefined {
  try {
    return readFileSync(join(home.credentials, "token"), "utf8").trim();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function explainRefusal(error: AlephError): AlephError {
  const hints: Readonly<Record<string, string>> = {
    unauthenticated: "Set ALEPH_TOKEN to the token in credentials/token of the server's home",
    auth_failed: "The token is not this server's: set ALEPH_TOKEN, or name the server's home with --home",
  };
  const hint = hints[error.reason];
  if (!hint) return error;
  return new AlephError(error.reason, error.message, { cause: error, data: { ...error.data, hint } });
}

function originOf(url: string): string {
  return url.replace(/^ws/, "http").replace(/\/ws$/, "");
}

function noServer(home: Home): AlephError {
  return unreachable(`No server is running for ${home.path}`, "Start it with: aleph serve");
}

function busy(home: Home, instance: Instance | undefined): AlephError {
  const who = instance ? ` (pid ${instance.pid})` : "";
  return unreachable(
    `Another command${who} has been using ${home.path} for ${BUSY_MS / 1000} s`,
    "End it, or run a server that all commands share: aleph serve",
  );
}
