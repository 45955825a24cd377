/** Speaks to launchd of macOS through `launchctl`, in the domain of the person who is logged in. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomic } from "../lib/atomic-write.ts";
import { AlephError } from "../protocol/errors.ts";
import { SERVICE_NAME } from "./description.ts";
import { launchdPlist } from "./launchd-plist.ts";
import type { Answer, ManagerOptions, ServiceManager } from "./manager.ts";

/** What launchd answers while a service of this name has not ended yet: to bootout (EINPROGRESS), to bootstrap (EIO, EALREADY). */
const ENDING = 36;
const NOT_GONE: readonly (number | null)[] = [5, 37];

const EVERY_MS = 200;
/** More than ExitTimeOut of the agent. */
const UNLOAD_MS = 100_000;
/** launchd holds a name for some seconds after its process has ended. */
const LOAD_MS = 10_000;

export function openLaunchd({ userHome, alephHome, uid, run, wait = Bun.sleep }: ManagerOptions): ServiceManager {
  const file = join(userHome, "Library/LaunchAgents", `${SERVICE_NAME}.plist`);
  const domain = `gui/${uid}`;
  const target = `${domain}/${SERVICE_NAME}`;

  const ask = (...words: readonly string[]) =>
    run(["launchctl", ...words]).catch((thrown: unknown): never => {
      if (!(thrown instanceof AlephError) || thrown.reason !== "not_found") throw thrown;
      throw new AlephError("not_found", "launchctl is not here", {
        cause: thrown,
        data: { hint: "Let something else start: aleph-server serve" },
      });
    });

  async function launchctl(...words: readonly string[]): Promise<void> {
    const answer = await ask(...words);
    if (answer.exitCode !== 0) throw failed(words[0]!, answer);
  }

  const isLoaded = async (): Promise<boolean> => (await ask("print", target)).exitCode === 0;

  async function load(): Promise<void> {
    for (let waited = 0; ; waited += EVERY_MS) {
      const answer = await ask("bootstrap", domain, file);
      if (answer.exitCode === 0) return;
      if (!NOT_GONE.includes(answer.exitCode) || waited >= LOAD_MS) throw failed("bootstrap", answer);
      await wait(EVERY_MS);
    }
  }

  /** Resolves when it has ended: launchctl answers before that. */
  async function unload(): Promise<void> {
    if (!(await isLoaded())) return;
    const answer = await ask("bootout", target);
    if (answer.exitCode !== 0 && answer.exitCode !== ENDING) throw failed("bootout", answer);
    for (let waited = 0; await isLoaded(); waited += EVERY_MS) {
      if (waited >= UNLOAD_MS)
        throw new AlephError("timeout", "The server does not end", { data: { hint: "Try again" } });
      await wait(EVERY_MS);
    }
  }

  async function start(): Promise<void> {
    if (!existsSync(file)) throw notInstalled();
    if (await isLoaded()) await launchctl("kickstart", target);
    else await load();
  }

  return {
    name: "launchd",
    log: join(alephHome, "logs/service.log"),
    start,
    async install(description) {
      const text = launchdPlist(description, alephHome);
      // launchd makes the file of the log, not its folder.
      mkdirSync(join(alephHome, "logs"), { recursive: true, mode: 0o700 });
      mkdirSync(dirname(file), { recursive: true });
      await unload();
      writeAtomic(file, text, 0o644);
      await launchctl("enable", target);
      await load();
      return { file, hints: ["It starts when you log in"] };
    },
    async uninstall() {
      const wasThere = existsSync(file);
      await unload();
      rmSync(file, { force: true });
      return { removed: wasThere ? file : null, kept: null };
    },
    async stop() {
      // It comes back with the next login: its file stays.
      await unload();
    },
    async restart() {
      if (await isLoaded()) await launchctl("kickstart", "-k", target);
      else await start();
    },
    async status() {
      const { exitCode, output } = await ask("print", target);
      const installed = existsSync(file);
      const [, pid] = /^\s*pid = (\d+)$/m.exec(output) ?? [];
      const [, state = "loaded"] = /^\s*state = (.+)$/m.exec(output) ?? [];
      return {
        installed,
        enabled: installed,
        running: exitCode === 0 && pid !== undefined,
        state: exitCode === 0 ? state : "not loaded",
        pid: exitCode === 0 && pid !== undefined ? Number(pid) : null,
        file: installed ? file : null,
      };
    },
  };
}

function notInstalled(): AlephError {
  return new AlephError("not_found", "The service is not installed", { data: { hint: "aleph service install" } });
}

function failed(word: string, { exitCode, output }: Answer): AlephError {
  const said = output.trim().split("\n").at(-1) ?? "";
  return new AlephError("conflict", `launchctl ${word} failed: ${said || `exit code ${exitCode}`}`, {
    data: { hint: "Log in at the Mac itself: an account that is only connected over SSH has no such domain" },
  });
}
