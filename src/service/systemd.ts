/** Speaks to systemd, the machine's or the person's, through `systemctl`. */

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { isWithin } from "../lib/is-within.ts";
import { shellQuote } from "../lib/shell-quote.ts";
import { AlephError } from "../protocol/errors.ts";
import { type ServiceDescription, SYSTEM_HOME } from "./description.ts";
import type { ManagerOptions, ServiceManager } from "./manager.ts";
import { systemUnit, UNIT, userUnit } from "./systemd-units.ts";

/** What it says where it does not run, or not for this person: in a container, in WSL, behind sudo. */
const NOT_THERE =
  /not been booted with systemd|Failed to connect to (?:system scope |user scope )?bus|No medium found|Host is down|Connection refused/i;

/** The unit cannot look into these. */
const HIDDEN = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

export function openSystemd({ system, configHome, uid, root = "/", run }: ManagerOptions): ServiceManager {
  const scope = system ? "system" : "user";
  const own = system ? join(root, "etc/systemd/system", UNIT) : join(configHome, "systemd/user", UNIT);
  /** By a package. */
  const shipped = ["usr/lib/systemd", "lib/systemd"].map((folder) => join(root, folder, scope, UNIT));

  const log = `journalctl ${system ? "" : "--user "}--unit ${UNIT}`;

  async function systemctl(...words: readonly string[]): Promise<string> {
    const { exitCode, output } = await ask(...words);
    if (exitCode === 0) return output;
    if (/Unit \S+ (?:not found|not loaded|does not exist|could not be found)/.test(output)) throw notInstalled(system);
    const said = output.trim().split("\n").at(-1) ?? "";
    throw new AlephError("conflict", `systemctl ${words[0]} failed: ${said || `exit code ${exitCode}`}`, {
      data: { hint: `What it wrote: ${log}` },
    });
  }

  async function ask(...words: readonly string[]) {
    const answer = await run(["systemctl", ...(system ? [] : ["--user"]), ...words]).catch((thrown: unknown) => {
      if (thrown instanceof AlephError && thrown.reason === "not_found") throw noSystemd(system, thrown);
      throw thrown;
    });
    if (answer.exitCode !== 0 && NOT_THERE.test(answer.output)) throw noSystemd(system, answer.output.trim());
    return answer;
  }

  async function lingers(): Promise<boolean> {
    // Only the hint depends on it: without loginctl it is given.
    const answer = await run(["loginctl", "show-user", String(uid), "--property=Linger"]).catch(() => undefined);
    return answer?.output.trim() === "Linger=yes";
  }

  return {
    name: "systemd",
    log,
    async install(description) {
      if (system) checkSystem(description);
      const text = (system ? systemUnit : userUnit)(description);
      // Nothing is written before it is known that somebody reads it.
      await systemctl("daemon-reload");
      const same = shipped.find((path) => existsSync(path) && readFileSync(path, "utf8") === text);
      if (same !== undefined) rmSync(own, { force: true });
      else {
        mkdirSync(dirname(own), { recursive: true });
        writeAtomic(own, text, 0o644);
      }
      await systemctl("daemon-reload");
      await systemctl("enable", UNIT);
      // One that runs goes on with its old description otherwise, be it ours or that of a package.
      await systemctl("restart", UNIT);
      const hints = system
        ? [`It keeps everything in ${SYSTEM_HOME}; its token: sudo cat ${SYSTEM_HOME}/credentials/token`]
        : (await lingers())
          ? []
          : ["It ends when you log out. To let it run always: loginctl enable-linger"];
      return { file: same ?? own, hints };
    },
    async uninstall() {
      const { installed } = await this.status();
      if (!installed && !existsSync(own)) return { removed: null, kept: null };
      await systemctl("disable", "--now", UNIT);
      const removed = existsSync(own) ? own : null;
      rmSync(own, { force: true });
      await systemctl("daemon-reload");
      return { removed, kept: shipped.find((path) => existsSync(path)) ?? null };
    },
    async start() {
      await systemctl("start", UNIT);
    },
    async stop() {
      await systemctl("stop", UNIT);
    },
    async restart() {
      await systemctl("restart", UNIT);
    },
    async status() {
      const names = ["LoadState", "UnitFileState", "ActiveState", "SubState", "MainPID", "FragmentPath"];
      const output = await systemctl("show", UNIT, `--property=${names.join(",")}`);
      const facts = new Map(
        output
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
      );
      const active = facts.get("ActiveState") ?? "unknown";
      const sub = facts.get("SubState");
      return {
        installed: facts.get("LoadState") === "loaded",
        enabled: facts.get("UnitFileState") === "enabled",
        running: active === "active",
        state: sub && sub !== active ? `${active} (${sub})` : active,
        pid: Number(facts.get("MainPID") ?? 0) || null,
        file: facts.get("FragmentPath") || null,
      };
    },
  };
}

function checkSystem({ program, arguments: more, home }: ServiceDescription): void {
  if (home !== undefined) {
    throw new AlephError("invalid_params", `A service of the machine keeps everything in ${SYSTEM_HOME}`, {
      data: { hint: "Leave out --home, or leave out --system for a service of your account" },
    });
  }
  const isHidden = (word: string) => isAbsolute(word) && HIDDEN.some((folder) => isWithin(folder, word));
  const hidden = program.find(isHidden);
  if (hidden !== undefined) {
    throw new AlephError("conflict", `A service of the machine cannot see "${hidden}"`, {
      data: {
        hint: `Put it where all can read it: sudo install -m 755 ${shellWord(hidden)} /usr/local/bin/aleph-server, then sudo aleph-server service install --system`,
      },
    });
  }
  const hiddenArgument = more.find(isHidden);
  if (hiddenArgument !== undefined) {
    throw new AlephError("conflict", `A service of the machine cannot see "${hiddenArgument}"`, {
      data: {
        hint: `Put it where all can read it, such as in /etc, or leave it out: it reads ${SYSTEM_HOME}/config.toml`,
      },
    });
  }
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word);
}

function notInstalled(system: boolean): AlephError {
  return new AlephError("not_found", "The service is not installed", {
    data: { hint: `aleph service install${system ? " --system" : ""}` },
  });
}

function noSystemd(system: boolean, cause: unknown): AlephError {
  return new AlephError(
    "not_found",
    system ? "systemd does not run here" : "systemd does not run here for this account",
    {
      cause: cause instanceof Error ? cause : new Error(String(cause)),
      data: {
        hint: `${
          system ? "" : "Behind sudo or su there is no session: log in as the person, or use --system. "
        }In a container let it start: aleph-server serve. In WSL put systemd=true under [boot] in /etc/wsl.conf`,
      },
    },
  );
}
