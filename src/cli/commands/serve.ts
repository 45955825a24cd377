/** `aleph serve`: the server in the foreground, until a signal or a client stops it. */
import type { App } from "../../app.ts";
import { type Environment, readEnvironment } from "../../config/environment.ts";
import type { LogEntry } from "../../lib/log.ts";
import { formatLogLine } from "../../lib/log.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf } from "../flags.ts";
import { SERVE_LOG_LEVELS, type ServeFlags } from "../serve-flags.ts";

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
    remote: {
      type: "boolean",
      description: "listen on the tailnet's address too, or on the one of --host, and show how to pair a phone",
    },
    "log-level": { type: "enum", options: [...SERVE_LOG_LEVELS], description: "least severe lines to log" },
  },
  examples: [
    ["aleph serve", "on http://127.0.0.1:18790, with everything in ~/.aleph"],
    ["aleph serve --home /srv/aleph --port 8080", "another folder and port"],
    ["aleph serve --remote", "for the devices of your tailnet, with a code to pair the first"],
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
  const level = flags["log-level"];
  const gateway = {
    ...(flags.host ? { host: flags.host } : {}),
    ...(port === undefined ? {} : { port }),
    ...(flags.remote ? { remote: true } : {}),
  };
  const journal = openJournal();
  const { startApp } = await import("../../app.ts");
  const app = await startApp({
    home,
    env,
    listen: true,
    writeLog: journal.log,
    overrides: { gateway, ...(level ? { log: { level } } : {}) },
  }).catch((thrown: unknown) => {
    throw explain(thrown);
  });
  const signals = catchSignals();
  journal.say(announcement(app));
  if (app.remoteUrl !== undefined) journal.say(await offerPairing(app, app.remoteUrl, env));
  const end = await Promise.race([signals.first, app.stopRequested, app.storageLost]);
  const isLost = end instanceof AlephError;
  journal.say(`Stopping (${isLost ? end.message : end}) …`);
  try {
    await app[Symbol.asyncDispose]();
  } catch (error) {
    // What could not be written then is a consequence, and says less.
    if (!isLost) throw error;
  }
  // Whoever watches over the server starts it anew, and that one reads what the disk really holds.
  if (isLost) throw end;
  return EXIT.ok;
}

interface Journal {
  readonly log: (entry: LogEntry) => void;
  /** A sentence of the command itself. */
  readonly say: (text: string) => void;
}

/**
 * Standard error: lines for people on a terminal, JSON lines elsewhere. It is opened with the first line, which takes
 * longer than opening the database.
 */
function openJournal(): Journal {
  let opened: NodeJS.WriteStream | undefined;
  let human: Promise<(entry: LogEntry) => void> | undefined;
  const stream = () => {
    if (!opened) {
      opened = process.stderr;
      // Whoever read the log may leave; the server stays.
      opened.on("error", () => undefined);
    }
    return opened;
  };
  return {
    say: (text) => void stream().write(`${text}\n`),
    log(entry) {
      if (!stream().isTTY) {
        stream().write(`${formatLogLine(entry)}\n`);
        return;
      }
      human ??= import("../human-log.ts").then(({ createHumanLog }) => createHumanLog(stream()));
      void human.then((write) => write(entry));
    },
  };
}

function announcement({ url, token, authMode }: App): string {
  if (authMode === "none") return `Aleph is ready. Open ${url}; no login is needed, and only this machine can reach it`;
  return `Aleph is ready. Open ${url} and log in with the token in ${token.path}`;
}

/** For the first device elsewhere: it has no token, and nobody there who could approve it. */
async function offerPairing(app: App, origin: string, env: Environment): Promise<string> {
  const [{ connect }, { describeOffer }] = await Promise.all([
    import("../../client/client.ts"),
    import("../pairing-link.ts"),
  ]);
  using client = await connect({ open: () => app.openLocal(), client: { id: "cli" } });
  const { code, expires_at } = await client.call("auth.pairing.invite", {});
  const colours = process.stderr.isTTY === true && !env.noColor && env.term !== "dumb";
  const offer = describeOffer({ origin, code, expiresAt: expires_at }, { colours, now: Date.now() });
  return `Other machines reach it at ${origin}. ${offer}`;
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
