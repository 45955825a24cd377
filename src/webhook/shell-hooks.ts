/** Commands that the owner's config ties to events: confined as all commands are, one at a time each, the event on standard input. */
import type { Config, ShellHookTable } from "../config/schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import { pause } from "../lib/pause.ts";
import type { CommandPolicy } from "../policy/command-policy.ts";
import { AlephError } from "../protocol/errors.ts";
import { KeptOutput } from "../sandbox/kept-output.ts";
import type { Launcher, RunningCommand } from "../sandbox/launcher.ts";
import type { Bus, Published } from "../sdk/bus.ts";
import { Globs, isTold } from "./events.ts";

export interface ShellHooksOptions {
  readonly hooks: () => Config["hooks"];
  readonly needs: () => Promise<{ readonly commands: CommandPolicy; readonly launcher: Launcher }>;
  /** The folder of an agent, which is where its hooks run. Throws `not_found`. */
  readonly workspace: (agent: string) => string;
  /** Whether the owner has switched confinement off for all commands. */
  readonly isUnconfined: () => boolean;
  readonly bus: Pick<Bus, "attach">;
  readonly log: Log;
}

export interface HookRuns {
  readonly runs: number;
  readonly failed: number;
  /** Events for which it was not run, because too many waited. */
  readonly dropped: number;
  /** Why the last one failed. */
  readonly error: string | null;
}

interface State {
  hook: ShellHookTable;
  readonly waiting: string[];
  busy: Promise<void> | undefined;
  counts: HookRuns;
}

const MOST_WAITING = 16;
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 16_384;
const SHOWN_OUTPUT = 2000;
/** For commands that run when the server stops. */
const LAST_MS = 3000;
const NONE: HookRuns = { runs: 0, failed: 0, dropped: 0, error: null };

export class ShellHooks implements AsyncDisposable {
  readonly #o: ShellHooksOptions;
  readonly #globs = new Globs();
  readonly #stop = new AbortController();
  /** By what the table says: what another place in the file has moved is the same hook. */
  readonly #states = new Map<string, State>();
  readonly #attached: Disposable;

  constructor(options: ShellHooksOptions) {
    this.#o = options;
    this.#attached = options.bus.attach({ deliver: (published) => this.#heard(published) });
  }

  counts(hook: ShellHookTable): HookRuns {
    return this.#states.get(keyOf(hook))?.counts ?? NONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attached[Symbol.dispose]();
    const busy = Promise.all([...this.#states.values()].map((state) => state.busy));
    const over = new AbortController();
    await Promise.race([busy.finally(() => over.abort()), pause(LAST_MS, over.signal)]);
    this.#stop.abort();
    await busy;
  }

  #heard(published: Published): void {
    if (!isTold(published)) return;
    const { topic, seq, ts, data } = published.event;
    for (const hook of this.#o.hooks()) {
      if (hook.enabled === false || !this.#globs.of(hook, [hook.event])(topic)) continue;
      const state = this.#stateOf(hook);
      if (state.waiting.length >= MOST_WAITING) {
        if (state.counts.dropped === 0) this.#o.log.warn("too many events wait for a hook", { event: topic });
        state.counts = { ...state.counts, dropped: state.counts.dropped + 1 };
        continue;
      }
      state.waiting.push(JSON.stringify({ topic, seq, ts, data }));
      state.busy ??= this.#work(state);
    }
  }

  #stateOf(hook: ShellHookTable): State {
    const key = keyOf(hook);
    let state = this.#states.get(key);
    if (!state) {
      state = { hook, waiting: [], busy: undefined, counts: NONE };
      this.#states.set(key, state);
    }
    return state;
  }

  async #work(state: State): Promise<void> {
    for (;;) {
      const event = state.waiting.shift();
      if (event === undefined || this.#stop.signal.aborted) {
        state.busy = undefined;
        return;
      }
      const { counts, hook } = state;
      let error: string | undefined;
      try {
        error = await this.#run(hook, event);
      } catch (thrown) {
        error = AlephError.from(thrown).message;
        this.#o.log.error("a hook could not be run", { event: hook.event, ...describeError(thrown) });
      }
      state.counts = {
        ...state.counts,
        runs: counts.runs + 1,
        failed: counts.failed + (error === undefined ? 0 : 1),
        error: error ?? counts.error,
      };
    }
  }

  /** Why it failed, when it was run. */
  async #run({ event, command, agent = "main", network = [], timeout_ms = TIMEOUT_MS }: ShellHookTable, input: string) {
    const { needs, workspace: workspaceOf, isUnconfined, log } = this.#o;
    const { commands, launcher } = await needs();
    const workspace = workspaceOf(agent);
    const verdict = await commands.classify(command, { cwd: workspace, workspace });
    // What would ask a person was allowed by the one who wrote it down; the floor holds for him, too.
    if (verdict.tier === "deny") throw new AlephError("sandbox_denied", `Policy refuses it: ${verdict.reason}`);
    const output = new KeptOutput(MAX_OUTPUT);
    let isLate = false;
    await using running = await launcher.start(verdict.plan, {
      writes: true,
      network,
      cwd: workspace,
      workspace,
      mayRunUnsandboxed: isUnconfined(),
      signal: this.#stop.signal,
      onOutput: (bytes) => output.add(bytes),
    });
    const timer = setTimeout(() => {
      isLate = true;
      running.signal("SIGKILL");
    }, timeout_ms);
    try {
      giveInput(running, input);
      const { exitCode, signal, overuse } = await running.ended;
      if (exitCode === 0) return undefined;
      const why = isLate ? `took longer than ${timeout_ms} ms` : (overuse ?? `ended with ${exitCode ?? signal}`);
      log.warn("a hook failed", { event, why, output: output.read(output.end - SHOWN_OUTPUT, SHOWN_OUTPUT).text });
      return why;
    } finally {
      clearTimeout(timer);
    }
  }
}

function giveInput(running: RunningCommand, input: string): void {
  try {
    running.write(input);
    running.endInput();
  } catch {
    // It has ended already: nobody need read what happened.
  }
}

function keyOf(hook: ShellHookTable): string {
  return JSON.stringify(hook);
}
