/** Opens the server of a table: a confined program, or an address. */
import type { McpServerTable } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";
import { type LaunchOptions, launchServer } from "./launch.ts";
import { beginLogin, forgetLogin, hasLogin, type LoginOptions, type PendingLogin, savedLogin } from "./oauth.ts";
import { ProcessTransport } from "./process-transport.ts";
import { explainRemote, fetchThrough, openRemote } from "./remote.ts";
import type { Opened } from "./server.ts";
import { Session } from "./session.ts";

export interface OpenOptions extends LaunchOptions {
  /** ALEPH_HOME/credentials. */
  readonly credentials: string;
  /** A way to the network for these rules. Throws `plugin_error` for a rule that is none. */
  readonly door: (rules: readonly string[], timeoutMs: number) => Promise<NetworkDoor>;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const TIMEOUT_MS = 60_000;

export async function openServer(
  name: string,
  table: McpServerTable,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const { command, url } = table;
  if (command !== undefined && url === undefined) return openProcess(name, { ...table, command }, options, signal);
  if (url !== undefined && command === undefined) return openAddress(name, { ...table, url }, options, signal);
  throw new AlephError("config_invalid", `MCP server "${name}" needs either a command or a url`, {
    data: { issues: [{ path: `mcp.servers.${name}`, message: "needs either a command or a url" }] },
  });
}

async function openProcess(
  name: string,
  table: McpServerTable & { readonly command: string },
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const child = await launchServer(name, table, options);
  const log = options.log.child({ server: name });
  const transport = new ProcessTransport({ server: name, child, log, now: options.now });
  const session = await Session.open({
    server: name,
    transport,
    reason: () => transport.reason,
    timeoutMs: table.timeout_ms ?? TIMEOUT_MS,
    signal,
    now: options.now,
  });
  return { session, pid: child.pid, sandbox: child.level };
}

async function openAddress(
  name: string,
  table: McpServerTable & { readonly url: string },
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Opened> {
  const timeoutMs = table.timeout_ms ?? TIMEOUT_MS;
  const headers = await Promise.all(
    Object.entries(table.headers ?? {}).map(async ([key, value]) => [key, await options.resolveSecret(value)] as const),
  );
  const door = await options.door(rulesOf(table), timeoutMs);
  // The servers at which one logs in are named by others: any that is on the public internet.
  const loginDoor = await options.door([...rulesOf(table), ANY_PUBLIC], timeoutMs);
  const login = savedLogin(loginOptions(name, table, options, loginDoor));
  const { transport, reason } = openRemote({
    server: name,
    url: table.url,
    headers: Object.fromEntries(headers),
    door: login ? loginDoor : door,
    ...(login ? { login } : {}),
  });
  const session = await Session.open({
    server: name,
    transport,
    reason,
    explain: explainRemote(name, () => transport.sessionId !== undefined),
    timeoutMs,
    signal,
    now: options.now,
  });
  return { session };
}

/** Throws `mcp_error` when the server offers no way to log in. */
export async function loginAt(name: string, table: McpServerTable, options: OpenOptions): Promise<PendingLogin> {
  const { url = "" } = table;
  const door = await options.door([...rulesOf({ ...table, url }), ANY_PUBLIC], TIMEOUT_MS);
  return beginLogin(loginOptions(name, { ...table, url }, options, door));
}

export function isLoggedInAt(name: string, url: string, { credentials }: Pick<OpenOptions, "credentials">): boolean {
  return hasLogin({ credentials, server: name, url });
}

export function logoutAt(name: string, { credentials }: Pick<OpenOptions, "credentials">): void {
  forgetLogin({ credentials, server: name });
}

const ANY_PUBLIC = "connect:https://*";

/** The server's own address, and what its table opens besides. */
function rulesOf({ url, network = [] }: McpServerTable & { readonly url: string }): readonly string[] {
  return [`connect:${new URL(url).origin}`, ...network];
}

function loginOptions(
  server: string,
  { url, oauth }: McpServerTable & { readonly url: string },
  { resolveSecret, credentials }: OpenOptions,
  door: NetworkDoor,
): LoginOptions {
  return { server, url, oauth, resolveSecret, credentials, fetch: fetchThrough(door, server) };
}
