/** `aleph service`: the server as something that the machine starts by itself. */
import { join, resolve } from "node:path";
import type { Environment } from "../../config/environment.ts";
import type { Home } from "../../config/home.ts";
import { AlephError } from "../../protocol/errors.ts";
import { ownProgram } from "../../sandbox/own-program.ts";
import { spawnCommand } from "../../sandbox/spawn.ts";
import type { ServiceManager } from "../../service/manager.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf, jsonFlag } from "../flags.ts";
import { writeJson } from "../output.ts";
import { staysUp } from "../service-start.ts";
import { stableProgram } from "../stable-program.ts";
import { writeFacts } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** Starting waits until the server runs, stopping until its runs have come to a safe point. */
const ASK_MS = 120_000;

const systemFlag = {
  system: { type: "boolean", description: "the one of the machine, not that of your account; needs root" },
} as const;
const flags = { ...systemFlag, ...homeFlags, ...jsonFlag } as const;

interface ServiceFlags {
  readonly system?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly home?: string | undefined;
  readonly config?: string | undefined;
}

const install = defineCommand({
  summary: "Start the server now, and by itself from now on",
  details:
    "With systemd as a unit of your account, on macOS as an agent of launchd. A service that is installed already gets the new options.\nWith --system it runs as a user of its own that may write to /var/lib/aleph alone.",
  args: {
    ...flags,
    host: { type: "string", valueHint: "address", description: "as for aleph serve" },
    port: { type: "string", valueHint: "number", description: "as for aleph serve" },
    remote: { type: "boolean", description: "as for aleph serve" },
  },
  examples: [
    ["aleph service install", "for your account"],
    ["sudo aleph-server service install --system --port 8080", "for the machine, on another port"],
  ],
  async run(args, { env, terminal }): Promise<number> {
    const manager = await managerOf(args, env);
    const port = args.port === undefined ? undefined : portOf(args.port);
    const home = args.home ?? (args.system ? undefined : env.alephHome);
    const installed = await manager.install({
      program: stableProgram(ownProgram().argv),
      arguments: [
        ...(args.config ? ["--config", resolve(args.config)] : []),
        ...(args.host ? ["--host", args.host] : []),
        ...(port ? ["--port", port] : []),
        ...(args.remote ? ["--remote"] : []),
      ],
      ...(home === undefined ? {} : { home: resolve(home) }),
    });
    await staysUp(manager, ownHome(args, env));
    if (args.json) writeJson(terminal.out, { manager: manager.name, ...installed });
    else {
      terminal.err.write(`The server runs, and starts by itself from now on (${installed.file})\n`);
      for (const hint of installed.hints) terminal.err.write(`${hint}\n`);
    }
    return EXIT.ok;
  },
});

const uninstall = defineCommand({
  summary: "Stop the server and let it start by itself no more",
  details: "The home with all conversations stays.",
  args: flags,
  async run(args, { env, terminal }): Promise<number> {
    const manager = await managerOf(args, env);
    const { removed, kept } = await manager.uninstall();
    if (args.json) writeJson(terminal.out, { manager: manager.name, removed, kept });
    else if (removed === null && kept === null) terminal.err.write("The service was not installed\n");
    else terminal.err.write(`The server starts by itself no more${removed ? `; ${removed} is gone` : ""}\n`);
    return EXIT.ok;
  },
});

const start = telling("Start the installed service", async (manager, home) => {
  await manager.start();
  await staysUp(manager, home);
});
const stop = telling("Stop the service until it is started again, or the machine is", (manager) => manager.stop());
const restart = telling("Stop the service and start it again, such as after an update", async (manager, home) => {
  await manager.restart();
  await staysUp(manager, home);
});

const status = defineCommand({
  summary: "Tell whether the service is installed, and whether it runs",
  details: "Exit code 69 when it does not run. What the server itself says: aleph status.",
  args: flags,
  run: async (args, { env, terminal }) => tell(await managerOf(args, env), args, terminal),
});

export const service = defineGroup({
  summary: "Let the machine start the server by itself, with systemd or launchd",
  fallback: "status",
  commands: { install, start, stop, restart, status, uninstall },
});

function telling(summary: string, act: (manager: ServiceManager, home: Home | undefined) => Promise<void>) {
  return defineCommand({
    summary,
    args: flags,
    async run(args, { env, terminal }): Promise<number> {
      const manager = await managerOf(args, env);
      await act(manager, ownHome(args, env));
      await tell(manager, args, terminal);
      return EXIT.ok;
    },
  });
}

async function tell(manager: ServiceManager, { json }: ServiceFlags, { out }: Terminal): Promise<number> {
  const found = await manager.status();
  if (json) writeJson(out, { manager: manager.name, ...found });
  else {
    writeFacts(out, [
      ["service", found.installed ? `installed, with ${manager.name}` : `not installed, with ${manager.name}`],
      ["state", found.state],
      ["starts by itself", found.enabled ? "yes" : "no"],
      ["pid", found.pid],
      ["file", found.file],
    ]);
  }
  return found.running ? EXIT.ok : EXIT.unreachable;
}

/** What the service of this account uses; that of the machine is a folder of another user. */
function ownHome(flags: ServiceFlags, env: Environment): Home | undefined {
  return flags.system ? undefined : homeOf(flags, env);
}

async function managerOf(flags: ServiceFlags, env: Environment): Promise<ServiceManager> {
  const { openServiceManager } = await import("../../service/manager.ts");
  const { PATH, XDG_CONFIG_HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS } = env.all;
  // Windows has no such number, and no manager that would ask for it.
  const uid = process.getuid?.() ?? -1;
  const passed = {
    PATH: PATH ?? "/usr/bin:/bin",
    HOME: env.userHome,
    LC_ALL: "C.UTF-8",
    // What a login over SSH or su may lack; where it does not exist, systemctl says so itself.
    XDG_RUNTIME_DIR: XDG_RUNTIME_DIR ?? `/run/user/${uid}`,
    ...(XDG_CONFIG_HOME ? { XDG_CONFIG_HOME } : {}),
    ...(DBUS_SESSION_BUS_ADDRESS ? { DBUS_SESSION_BUS_ADDRESS } : {}),
  };
  return openServiceManager({
    platform: process.platform,
    system: flags.system === true,
    userHome: env.userHome,
    configHome: XDG_CONFIG_HOME ?? join(env.userHome, ".config"),
    alephHome: homeOf(flags, env).path,
    uid,
    run: (argv) =>
      spawnCommand({
        argv,
        cwd: "/",
        env: passed,
        maxOutput: 256 * 1024,
        signal: new AbortController().signal,
        timeoutMs: ASK_MS,
      }),
  });
}

function portOf(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 && Number(text) > 0) return text;
  throw new AlephError("invalid_params", `Port ${JSON.stringify(text)} is not a number from 1 to 65535`, {
    data: { hint: "For example --port 18790" },
  });
}
