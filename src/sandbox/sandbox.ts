/** Starts child processes that are confined as far as this machine can. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { isWithin } from "../lib/is-within.ts";
import { once } from "../lib/once.ts";
import { AlephError } from "../protocol/errors.ts";
import { startChild } from "./child.ts";
import type { ConfinedCommand, Sandbox, SandboxReport } from "./confinement.ts";
import { bubblewrapMethod } from "./linux/bubblewrap-method.ts";
import { enclosedMethod } from "./linux/enclosed-method.ts";
import { landlockMethod } from "./linux/landlock-method.ts";
import type { SandboxMethod } from "./method.ts";
import { type OwnProgram, ownProgram } from "./own-program.ts";
import { seatbeltMethod } from "./seatbelt-method.ts";
import { trySandbox } from "./self-test.ts";

export interface SandboxOptions {
  readonly program?: OwnProgram;
  /** Best first. */
  readonly methods?: (program: OwnProgram) => readonly SandboxMethod[];
}

/** Who writes there rules the machine, whatever else is denied. */
const MACHINE = ["/proc", "/sys", "/dev"];

interface Choice extends SandboxReport {
  readonly method: SandboxMethod | undefined;
}

export function createSandbox({ program = ownProgram(), methods = knownMethods }: SandboxOptions = {}): Sandbox {
  const choose = once(async (): Promise<Choice> => {
    const problems: string[] = [];
    for (const method of methods(program)) {
      const problem = method.obstacle();
      const tried = problem === undefined ? await trySandbox(method, program) : { problem };
      if ("reason" in tried) return { level: method.level, reason: tried.reason, method };
      problems.push(`${method.name}: ${tried.problem}`);
    }
    const reason = problems.join("; ") || "No way to confine a process is known for this system";
    return { level: "none", reason, method: undefined };
  });
  return {
    async report() {
      const { level, reason, method } = await choose();
      return { level, reason, ...(method?.keeps ? { keeps: method.keeps } : {}) };
    },
    async start(command) {
      checkCommand(command);
      const { method, reason } = await choose();
      if (method) {
        const { child } = await startChild(method.prepare(command), method.level, command);
        return child;
      }
      if (!command.mayRunUnsandboxed) {
        throw new AlephError("sandbox_denied", "This machine cannot confine a process", {
          data: {
            sandbox: reason,
            hint: 'The owner can let a plugin run all the same, in config.toml: [extensions] allow_unsandboxed = ["id"]',
          },
        });
      }
      const { argv, cwd, env } = command;
      const { child } = await startChild({ argv, cwd, env }, "none", command);
      return child;
    },
  };
}

function knownMethods(program: OwnProgram): readonly SandboxMethod[] {
  return ofThisSystem([landlockMethod(program), bubblewrapMethod(program), seatbeltMethod()]);
}

/** Those that suit a person's commands: what mounts can do counts for more than a start that is a little faster. */
export function commandMethods(program: OwnProgram): readonly SandboxMethod[] {
  return ofThisSystem([
    enclosedMethod(program, { landlock: true }),
    landlockMethod(program),
    enclosedMethod(program, { landlock: false }),
    seatbeltMethod(),
  ]);
}

function ofThisSystem(methods: readonly SandboxMethod[]): readonly SandboxMethod[] {
  return methods.filter(({ platform }) => platform === process.platform);
}

function checkCommand({ argv, cwd, confinement }: ConfinedCommand): void {
  const [file = ""] = argv;
  try {
    accessSync(file, constants.X_OK);
  } catch (cause) {
    throw new AlephError("not_found", `Program "${file}" cannot be started`, { cause });
  }
  const isFolder = statSync(cwd, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (!isFolder) throw new AlephError("not_found", `Folder "${cwd}" is not there`);
  const { read, write, execute } = confinement;
  const missing = [...read, ...write, ...execute].find((path) => !existsSync(path));
  if (missing !== undefined) throw new AlephError("not_found", `"${missing}" is not there`);
  const tooMuch = write.find((path) => path === "/" || MACHINE.some((folder) => isWithin(folder, path)));
  if (tooMuch !== undefined) throw new AlephError("sandbox_denied", `Nothing confined may write in "${tooMuch}"`);
}
