/** A child process with pipes that leads a process group of its own. */
import { AlephError } from "../protocol/errors.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { ConfinedChild } from "./confinement.ts";

export interface ChildOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly level: SandboxLevel;
}

/** Throws `not_found` when there is no such program or folder. */
export function startChild({ argv, cwd, env, level }: ChildOptions): ConfinedChild {
  const child = spawn(argv, cwd, env);
  const end = (signal: "SIGTERM" | "SIGKILL"): void => {
    try {
      process.kill(process.platform === "win32" ? child.pid : -child.pid, signal);
    } catch (thrown) {
      // ESRCH: all of them ended already. EPERM: macOS says so of a group in which only zombies are left.
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
      if (code !== "ESRCH" && code !== "EPERM") throw thrown;
    }
  };
  const exited = child.exited.then(() => {
    // What it started and left behind.
    end("SIGKILL");
    const signal = child.signalCode === null ? null : String(child.signalCode);
    return { exitCode: signal === null ? child.exitCode : null, signal };
  });
  return {
    pid: child.pid,
    level,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill(signal = "SIGKILL") {
      end(signal);
    },
    async [Symbol.asyncDispose]() {
      end("SIGKILL");
      await exited;
    },
  };
}

function spawn(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
  try {
    return Bun.spawn([...argv], {
      cwd,
      env: { ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
      windowsHide: true,
    });
  } catch (cause) {
    throw new AlephError("not_found", `Program "${argv[0]}" cannot be started in "${cwd}"`, { cause });
  }
}
