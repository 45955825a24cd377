/** How a command reaches Aleph: a server that runs, or the core inside the command's own process on the same home. */
import { setTimeout as sleep } from "node:timers/promises";
import { originOf } from "../client/address.ts";
import { type Client, type ClientState, connect } from "../client/client.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { findInstance, IN_USE, type Instance } from "../config/instance.ts";
import { formatLogLine, LOG_LEVELS, type LogEntry } from "../lib/log.ts";
import { VERSION } from "../lib/version.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Invocation } from "./command.ts";
import { unreachable } from "./failure.ts";
import { homeOf, type ServerFlags } from "./flags.ts";
import { openClient } from "./open-client.ts";
import { updateRemote } from "./remotes.ts";
import { findTarget, ownTarget, type Target } from "./target.ts";
import type { Terminal } from "./terminal.ts";

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
  /** False waits neither until an operator lets this terminal in, nor for another command that has the home. */
  readonly mayWait?: boolean;
}

/** How long another command may hold the home before this one gives up. */
const BUSY_MS = 10_000;
const BUSY_NOTICE_MS = 1_000;

/** Connects, runs `use`, and leaves nothing behind. Throws `AlephError`. */
export async function withClient<T>(
  flags: ServerFlags,
  { env, terminal }: Pick<Invocation, "env" | "terminal">,
  use: (connected: Connected) => Promise<T>,
  options: ConnectionOptions = {},
): Promise<T> {
  const home = homeOf(flags, env);
  const target = findTarget(flags, env);
  if (target) return withServer(target, terminal, use, options, (found) => learn(home, target, found));

  const began = performance.now();
  for (let told = false; ; await sleep(50)) {
    const instance = await findInstance(home);
    if (instance?.url !== undefined) {
      return withServer(ownTarget(home, env, { ...instance, url: instance.url }), terminal, use, options);
    }
    if (options.serverOnly && (!instance || options.mayWait === false)) throw noServer(home);
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

export interface FoundServer {
  readonly origin: string;
  readonly token: string | undefined;
  /** The only certificate that it may show, in PEM. */
  readonly certificate: string | undefined;
}

/** Where a server answers over HTTP, and the token for it. Throws when none runs for this home. */
export async function findServer(flags: ServerFlags, env: Environment): Promise<FoundServer> {
  const home = homeOf(flags, env);
  const named = findTarget(flags, env);
  const instance = named ? undefined : await findInstance(home);
  const target =
    named ?? (instance?.url === undefined ? undefined : ownTarget(home, env, { ...instance, url: instance.url }));
  if (!target) throw noServer(home);
  const credentials = (await target.credentials())();
  return {
    origin: originOf(target.url),
    token: credentials && "token" in credentials ? credentials.token : undefined,
    certificate: target.certificate,
  };
}

/** A remote whose server nobody had asked yet is known from its first answer on. */
function learn(home: Home, { remote }: Target, { server }: Client["hello"]): void {
  if (remote && remote.known.instance_id === undefined) {
    updateRemote(home, remote.name, { instance_id: server.instance_id });
  }
}

async function withServer<T>(
  target: Target,
  terminal: Terminal,
  use: (connected: Connected) => Promise<T>,
  options: ConnectionOptions,
  onHello?: (hello: Client["hello"]) => void,
): Promise<T> {
  let isLost = false;
  const onState = (state: ClientState) => {
    isLost = state.kind === "disconnected";
    options.onState?.(state);
  };
  const waiting = options.mayWait === false ? {} : { waitAt: terminal };
  const { url } = target;
  using client = await openClient(target, { ...options, onState, ...waiting });
  onHello?.(client.hello);
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
    if (thrown instanceof AlephError && thrown.data.why === IN_USE) return "busy";
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
