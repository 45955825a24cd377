/** Starts the program of a local server, confined to what its table grants. */
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { McpServerTable } from "../config/schema.ts";
import { parseSize } from "../lib/size.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ConfinedChild, Sandbox } from "../sandbox/confinement.ts";
import type { CommandProxy } from "../sandbox/proxy.ts";
import { type Grants, type GuardedPlaces, grantsOf } from "./grants.ts";

export interface LaunchOptions {
  readonly sandbox: () => Promise<Sandbox>;
  readonly places: GuardedPlaces;
  /** ALEPH_HOME/run. */
  readonly runFolder: string;
  /** Folders in which programs are looked up. */
  readonly programPath: () => readonly string[];
  readonly resolveSecret: (value: string) => Promise<string>;
  /** Throws `plugin_error` for a rule that is none. */
  readonly openProxy: (rules: readonly string[], onDenied: (target: string) => void) => Promise<CommandProxy>;
  readonly onDenied: (server: string, target: string) => void;
}

const MEMORY_BYTES = 2 * 1024 ** 3;
const FILE_BYTES = 1024 ** 3;
const OPEN_FILES = 1024;
/** Threads too, of a program that may start others, such as npx. */
const PROCESSES = 256;

/** Disposing ends it, all that it started, and its way to the network. Throws `not_found`, `forbidden`, `sandbox_denied`. */
export async function launchServer(
  name: string,
  table: McpServerTable & { readonly command: string },
  options: LaunchOptions,
): Promise<ConfinedChild> {
  const program = findProgram(table.command, options);
  const grants = grantsOf(program, table, options.places);
  const privateFolder = join(options.runFolder, "mcp", name);
  mkdirSync(privateFolder, { recursive: true, mode: 0o700 });
  const own = realpathSync(privateFolder);
  const env = await environmentOf(table, own, options);
  const sandbox = await options.sandbox();
  const network = table.network ?? [];
  await using stack = new AsyncDisposableStack();
  const proxy =
    network.length === 0
      ? undefined
      : stack.use(await options.openProxy(network, (target) => options.onDenied(name, target)));
  const child = stack.use(
    await sandbox.start({
      argv: [program, ...(table.args ?? [])],
      cwd: table.cwd ?? own,
      env: { ...env, ...proxy?.env },
      mayRunUnsandboxed: table.allow_unsandboxed ?? false,
      confinement: confinementOf(table, grants, own, proxy),
    }),
  );
  const owned = stack.move();
  return {
    pid: child.pid,
    level: child.level,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: child.exited,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function confinementOf(table: McpServerTable, grants: Grants, own: string, proxy: CommandProxy | undefined) {
  return {
    read: grants.read,
    write: [own, ...grants.write],
    execute: grants.execute,
    processes: grants.execute.length > 0 ? PROCESSES : 1,
    network: proxy ? { proxyPort: proxy.port } : ("none" as const),
    memoryBytes: table.memory_limit === undefined ? MEMORY_BYTES : parseSize(table.memory_limit),
    fileBytes: FILE_BYTES,
    openFiles: OPEN_FILES,
  };
}

function findProgram(command: string, { programPath, places }: LaunchOptions): string {
  const expanded = command.startsWith("~/") ? join(places.userHome, command.slice(2)) : command;
  const path = programPath();
  const found = expanded.includes("/")
    ? existsSync(expanded) && expanded
    : Bun.which(expanded, { PATH: path.join(process.platform === "win32" ? ";" : ":") });
  if (found) return found;
  const hint = expanded.includes("/")
    ? "Name a program that is there, by its absolute path"
    : `It is looked for in ${path.join(", ")}; name it by its absolute path, or change exec.path in config.toml`;
  throw new AlephError("not_found", `There is no program ${JSON.stringify(command)}`, { data: { hint } });
}

/** Nothing of the server's own environment reaches it. */
async function environmentOf({ env = {} }: McpServerTable, own: string, { programPath, resolveSecret }: LaunchOptions) {
  const given = await Promise.all(
    Object.entries(env).map(async ([name, value]) => [name, await resolveSecret(value)] as const),
  );
  return {
    PATH: programPath().join(process.platform === "win32" ? ";" : ":"),
    HOME: own,
    TMPDIR: own,
    LANG: "C.UTF-8",
    ...Object.fromEntries(given),
  };
}
