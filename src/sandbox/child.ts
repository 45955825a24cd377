/** A child process with pipes that leads a process group of its own, all of which ends with it. */
import { closeSync } from "node:fs";
import { AlephError } from "../protocol/errors.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { ConfinedChild } from "./confinement.ts";
import { hasRunningMembers } from "./group-members.ts";
import { type LaunchAnswer, type LaunchOrder, needsWatch, ORDER_FD, WATCH_FD } from "./linux/order.ts";
import type { PreparedCommand } from "./method.ts";
import { COMMAND_MARK } from "./process-group.ts";
import { killMarked } from "./stragglers.ts";

/** How long the kernel may take to end what it was told to kill, before nobody waits any more. */
const GONE_MS = 2_000;
const LOOK_MS = 5;

export interface StartedChild {
  readonly child: ConfinedChild;
  /** The version of Landlock in force; undefined where the child did not confine itself. */
  readonly landlock: number | undefined;
}

/** Throws `not_found` when there is no such program, `sandbox_denied` when the child could not confine itself. */
export async function startChild(prepared: PreparedCommand, level: SandboxLevel): Promise<StartedChild> {
  const { order } = prepared;
  // Nothing keeps an unconfined program in its process group.
  const mark = level === "none" ? crypto.randomUUID() : undefined;
  const spawned = spawn(prepared, mark === undefined ? {} : { [COMMAND_MARK]: mark });
  const child = new Child(spawned, level, mark);
  if (!order) return { child, landlock: undefined };
  const answers = await giveOrder(spawned.stdio[ORDER_FD], order);
  const failed = answers.find((answer) => "failed" in answer);
  const confined = answers.find((answer) => "landlock" in answer);
  if (confined && !failed) return { child, landlock: confined.landlock };
  const words = await new Response(child.stderr).text();
  await child[Symbol.asyncDispose]();
  const message = failed?.message ?? `The sandbox ended before the program began: ${words.slice(0, 500).trim()}`;
  throw new AlephError(failed?.failed ?? "sandbox_denied", message);
}

type Spawned = Bun.Subprocess<"pipe", "pipe", "pipe">;

function spawn({ argv, cwd, env, order }: PreparedCommand, mark: Readonly<Record<string, string>>): Spawned {
  const more: "pipe"[] = order ? (needsWatch(order) ? ["pipe", "pipe"] : ["pipe"]) : [];
  try {
    return Bun.spawn([...argv], {
      cwd,
      env: { ...env, ...mark },
      stdio: ["pipe", "pipe", "pipe", ...more],
      // Leads a session and a process group, so that its children can be killed with it.
      detached: true,
      windowsHide: true,
    });
  } catch (cause) {
    throw new AlephError("not_found", `Program "${argv[0]}" cannot be started in "${cwd}"`, { cause });
  }
}

/** Hands the order over and waits until the other side has closed: it became the program, or it ended. */
async function giveOrder(fd: unknown, order: LaunchOrder): Promise<readonly LaunchAnswer[]> {
  if (typeof fd !== "number") throw new AlephError("internal", "The child has no channel for its order");
  const closed = Promise.withResolvers<void>();
  let unsent = Buffer.from(`${JSON.stringify(order)}\n`);
  const received: Buffer[] = [];
  const send = (socket: Bun.Socket) => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  // The types have the options and forget the overload.
  const connect = Bun.connect as unknown as (options: Bun.FdSocketOptions) => Promise<Bun.Socket>;
  await connect({
    fd,
    socket: {
      open: send,
      drain: send,
      data: (_, chunk) => {
        received.push(Buffer.from(chunk));
      },
      close: () => closed.resolve(),
      // That it has not answered says what there is to say.
      error: () => closed.resolve(),
    },
  });
  await closed.promise;
  const lines = Buffer.concat(received).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as LaunchAnswer);
}

class Child implements ConfinedChild {
  readonly level: SandboxLevel;
  readonly exited: ConfinedChild["exited"];
  readonly #spawned: Spawned;
  readonly #mark: string | undefined;

  constructor(spawned: Spawned, level: SandboxLevel, mark: string | undefined) {
    this.#spawned = spawned;
    this.level = level;
    this.#mark = mark;
    this.exited = this.#untilExit();
  }

  get pid(): number {
    return this.#spawned.pid;
  }

  get stdin(): Bun.FileSink {
    return this.#spawned.stdin;
  }

  get stdout(): ReadableStream<Uint8Array> {
    return this.#spawned.stdout;
  }

  get stderr(): ReadableStream<Uint8Array> {
    return this.#spawned.stderr;
  }

  kill(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): void {
    this.#signal(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGKILL");
    await this.exited;
    // Others of the group are nobody's children now; they are gone when the group is.
    const deadline = performance.now() + GONE_MS;
    while (this.#signal("SIGKILL") && performance.now() < deadline && (await hasRunningMembers(this.pid))) {
      await Bun.sleep(LOOK_MS);
    }
    if (this.#mark !== undefined) await killMarked(COMMAND_MARK, this.#mark);
  }

  async #untilExit(): Promise<Awaited<ConfinedChild["exited"]>> {
    await this.#spawned.exited;
    // What it started does not outlive it.
    this.#signal("SIGKILL");
    const watch = this.#spawned.stdio[WATCH_FD];
    if (typeof watch === "number") closeSync(watch);
    if (this.#mark !== undefined) await killMarked(COMMAND_MARK, this.#mark);
    const signal = this.#spawned.signalCode === null ? null : String(this.#spawned.signalCode);
    return { exitCode: signal === null ? this.#spawned.exitCode : null, signal };
  }

  /** The whole group; false when nobody is left in it. */
  #signal(signal: "SIGTERM" | "SIGKILL"): boolean {
    try {
      // Windows has no process groups to signal.
      process.kill(process.platform === "win32" ? this.pid : -this.pid, signal);
      return true;
    } catch (thrown) {
      // ESRCH: all of them ended already. EPERM: macOS says so of a group in which only zombies are left.
      const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
      if (code !== "ESRCH" && code !== "EPERM") throw thrown;
      return false;
    }
  }
}
