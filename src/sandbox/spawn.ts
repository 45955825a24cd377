/** Runs commands as child processes: the only door to a process. */
import { OutputCapture } from "./output.ts";
import { type Exit, type GroupOptions, ProcessGroup } from "./process-group.ts";

export interface SpawnOptions extends GroupOptions {
  /** Bytes of output that are kept, head and tail. */
  readonly maxOutput: number;
  /** Output as it comes, at most `maxOutput` bytes of it. */
  readonly onOutput?: (text: string) => void;
}

export interface SpawnResult extends Exit {
  /** Standard output and standard error in the order in which they came. */
  readonly output: string;
  readonly truncated: boolean;
  readonly timedOut: boolean;
}

/** One pipeline, and what its predecessor's exit must have been for it to run. */
export interface Step {
  readonly when: "always" | "success" | "failure";
  /** Each program with its arguments; the output of one is the input of the next. */
  readonly pipeline: readonly (readonly string[])[];
}

/**
 * Runs one program. Resolves however it ended; on abort or timeout after all of its processes are gone. Throws
 * `not_found` when it cannot be started.
 */
export function spawnCommand({
  argv,
  ...options
}: SpawnOptions & { readonly argv: readonly string[] }): Promise<SpawnResult> {
  return spawnSteps({ ...options, steps: [{ when: "always", pipeline: [argv] }] });
}

/** Runs pipelines one after the other as `;`, `&&` and `||` would, without a shell. The exit is the last one's. */
export async function spawnSteps({
  steps,
  ...options
}: SpawnOptions & { readonly steps: readonly Step[] }): Promise<SpawnResult> {
  const capture = new OutputCapture(options.maxOutput, options.onOutput);
  let exit: Exit = { exitCode: null, signal: null };
  let hasBegun = false;
  let timedOut: boolean;
  {
    await using group = new ProcessGroup(options);
    for (const { when, pipeline } of steps) {
      if (group.ending) {
        // What has not begun will not: the line as a whole was cut off.
        if (hasBegun) exit = { exitCode: null, signal: "SIGTERM" };
        break;
      }
      if (when !== "always" && (when === "success") !== (exit.exitCode === 0)) continue;
      hasBegun = true;
      exit = await group.run(pipeline, capture);
    }
    timedOut = group.timedOut;
  }
  const { text, truncated } = capture.finish();
  return { ...exit, output: text, truncated, timedOut };
}

/** The environment of a command: what programs need, nothing that the server knows. */
export function commandEnvironment({
  path,
  workspace,
}: {
  readonly path: readonly string[];
  readonly workspace: string;
}) {
  return {
    PATH: path.join(process.platform === "win32" ? ";" : ":"),
    HOME: workspace,
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TERM: "dumb",
    NO_COLOR: "1",
    PAGER: "cat",
    // Never waits for a password that nobody can type.
    GIT_TERMINAL_PROMPT: "0",
  };
}
