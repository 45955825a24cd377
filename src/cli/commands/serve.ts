/** `aleph serve`: the server in the foreground, until a signal or a client stops it. */
import type { App } from "../../app.ts";
import { readEnvironment } from "../../config/environment.ts";
import type { LogEntry, LogLevel } from "../../lib/log.ts";
import { formatLogLine } from "../../lib/log.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf } from "../flags.ts";
import type { ServeFlags } from "../serve-flags.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export const serve = defineCommand({
  summary: "Run the server with the web panel",
  details:
    "Stays in the foreground; SIGTERM or Ctrl-C lets runs reach a safe point, a second one ends it at once.\nThe log goes to standard error: lines for people on a terminal, JSON lines elsewhere.",
  args: {
    ...homeFlags,
    host: { type: "string", valueHint: "address", description: "listen here instead of gateway.host (127.0.0.1)" },
    port: {
      type: "string",
      valueHint: "number",
      description: "listen here instead of gateway.port (18790); 0 takes a free one",
    },
    "log-level": { type: "enum", options: [...LEVELS], description: "least severe lines to log" },
  },
  examples: [
    ["serve", "on http://127.0.0.1:18790, with everything in ~/.aleph"],
    ["serve --home /srv/aleph --port 8080", "another folder and port"],
  ],
  run: (args) => runServer(args as ServeFlags),
});

/** `serve` without the rest of the command line: the same end and the same words when it fails. */
export async function serveNow(flags: ServeFlags): Promise<number> {
  try {
    return await runServer(flags);
  } catch (thrown) {
    const [{ openTerminal }, { writeFailure }] = await Promise.all([import("../terminal.ts"), import("../failure.ts")]);
    return writeFailure(openTerminal(readEnvironment()), thrown, { json: false });
  }
}

/** Runs until it is stopped and answers with the exit code. Throws what keeps it from starting. */
export async function runServer(flags: ServeFlags): Promise<number> {
  const env = readEnvironment();
  const home = homeOf(flags, env);
  const port = flags.port === undefined ? undefined : toPort(flags.port);
  const level = toLevel(flags["log-level"]);
  const gateway = { ...(flags.host ? { host: flags.host } : {}), ...(port === undefined ? {} : { port }) };
  const { startApp } = await import("../../app.ts");
  const app = await startApp({
    home,
    env,
    listen: true,
    writeLog: createLogWriter(),
    overrides: { gateway, ...(level ? { log: { level } } : {}) },
  }).catch((thrown: unknown) => {
    throw explain(thrown);
  });
  const signals = catchSignals();
  announce(app);
  const reason = await Promise.race([signals.first, app.stopRequested]);
  process.stderr.write(`Stopping (${reason}) …\n`);
  await app[Symbol.asyncDispose]();
  return EXIT.ok;
}

/**
 * Lines for people on a terminal, JSON lines elsewhere. Which it is is asked with the first line: opening the stream of
 * standard error takes longer than opening the database.
 */
function createLogWriter(): (entry: LogEntry) => void {
  let human: Promise<(entry: LogEntry) => void> | undefined;
  return (entry) => {
    if (!process.stderr.isTTY) {
      process.stderr.write(`${formatLogLine(entry)}\n`);
      return;
    }
    human ??= import("../human-log.ts").then(({ createHumanLog }) => createHumanLog(process.stderr));
    void human.then((write) => write(entry));
  };
}

function announce({ url, token, authMode }: App): void {
  const how =
    authMode === "none"
      ? "no login is needed, it can be reached from this machine only"
      : `log in with the token in ${token.path}`;
  process.stderr.write(`Aleph is ready. Open ${url} and ${how.startsWith("no") ? `go ahead: ${how}` : how}\n`);
}

/** The first signal is a request; a second one does not wait any longer. */
function catchSignals(): { readonly first: Promise<string> } {
  const first = Promise.withResolvers<string>();
  let count = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (++count > 1) process.exit(EXIT.interrupted);
      first.resolve(name);
    });
  }
  return { first: first.promise };
}

function toPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new AlephError("invalid_params", `Port ${JSON.stringify(text)} is not a number from 0 to 65535`, {
    data: { hint: "For example --port 18790" },
  });
}

function toLevel(text: string | undefined): LogLevel | undefined {
  const level = LEVELS.find((known) => known === text);
  if (text === undefined || level) return level;
  throw new AlephError("invalid_params", `Log level ${JSON.stringify(text)} is not known`, {
    data: { hint: `Use one of: ${LEVELS.join(", ")}` },
  });
}

function explain(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !("code" in thrown)) return thrown;
  const { code } = thrown;
  // The system's message is the only place that says which port, be it the option's or the file's.
  const [, port] = /\bport (\d+)/.exec(thrown.message) ?? [];
  if (code === "EADDRINUSE") {
    return new AlephError("conflict", `${port ? `Port ${port}` : "The port"} is taken by another program`, {
      cause: thrown,
      data: { hint: "Stop that program, or choose another port: --port 18791 (0 takes a free one)" },
    });
  }
  if (code === "EADDRNOTAVAIL") {
    return new AlephError("config_invalid", "This machine has no such address to listen on", {
      cause: thrown,
      data: { hint: "Check --host and gateway.host in config.toml; 127.0.0.1 always works" },
    });
  }
  return thrown;
}
