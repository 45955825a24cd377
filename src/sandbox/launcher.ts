/** Runs what the policy has judged, in the environment that commands get. */
import { commandEnvironment, type SpawnResult, type Step, spawnCommand, spawnSteps } from "./spawn.ts";

/** Programs without a shell, or one program. */
export type Work =
  | { readonly mode: "argv"; readonly steps: readonly Step[] }
  | { readonly mode: "shell"; readonly argv: readonly string[] };

export interface LaunchOptions {
  readonly cwd: string;
  readonly workspace: string;
  readonly signal: AbortSignal;
  /** Default: `exec.timeout_ms` of the config. */
  readonly timeoutMs?: number;
  readonly onOutput: (text: string) => void;
}

export interface Launcher {
  /** Resolves however it ended, after all of its processes are gone. Throws `not_found` when it cannot be started. */
  run(work: Work, options: LaunchOptions): Promise<SpawnResult>;
}

export interface LauncherOptions {
  /** Asked at each run, so that a reload takes effect at once. */
  readonly config: () => {
    readonly exec: { readonly timeout_ms: number; readonly max_output: number; readonly path: readonly string[] };
  };
}

export function createLauncher({ config }: LauncherOptions): Launcher {
  return {
    run(work, { cwd, workspace, signal, timeoutMs, onOutput }) {
      const { timeout_ms, max_output, path } = config().exec;
      const options = {
        cwd,
        env: commandEnvironment({ path, workspace }),
        signal,
        timeoutMs: timeoutMs ?? timeout_ms,
        maxOutput: max_output,
        onOutput,
      };
      return work.mode === "argv"
        ? spawnSteps({ ...options, steps: work.steps })
        : spawnCommand({ ...options, argv: work.argv });
    },
  };
}
