/** A child process with pipes that leads a process group of its own, all of which ends with it. */
import { closeSync } from "node:fs";
import { AlephError } from "../protocol/errors.ts";
import type { SandboxLevel } from "../sdk/runtime.ts";
import type { ConfinedChild, ConfinedCommand } from "./confinement.ts";
import { descendants, isRunning } from "./descendants.ts";
import { hasRunningMembers } from "./group-members.ts";
import { type LaunchAnswer, type LaunchOrder, needsWatch, ORDER_FD, WATCH_FD } from "./linux/order.ts";
import type { PreparedCommand } from "./method.ts";
import { COMMAND_MARK } from "./process-group.ts";
import { sendSignal, signalGroup } from "./send-signal.ts";
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
export async function startChild(
  prepared: PreparedCommand,
  level: SandboxLevel,
  streams: Streams = {},
): Promise<StartedChild> {
  const { order } = prepared;
  // Nothing keeps an unconfined program in its process group.
  const mark = level === "none" ? crypto.randomUUID() : undefined;
  const spawned = spawn(prepared, mark === undefined ? {} : { [COMMAND_MARK]: mark }, streams);
  const child = new Child(spawned, level, mark, order?.enclosed ?? false);
  if (!order) return { child, landlock: undefined };
  const answers = await giveOrder(spawned.stdio[ORDER_FD], order);
  const failed = answers.find((answer) => "failed" in answer);
  const confined = answers.find((answer) => "landlock" in answer);
  if (confined && !failed) {
    child.lookInside();
    return { child, landlock: confined.landlock };
  }
  const words = await new Response(child.stderr).text();
  await child[Symbol.asyncDispose]();
  const message = failed?.message ?? `The sandbox ended before the program began: ${words.slice(0, 500).trim()}`;
  throw new AlephError(failed?.failed ?? "sandbox_denied", message);
}

type Streams = Pick<ConfinedCommand, "stdin" | "terminal">;
type Spawned = Bun.Subprocess<"pipe", "pipe", "pipe">;

function spawn(
  { argv, cwd, env, order }: PreparedCommand,
  mark: Readonly<Record<string, string>>,
  { stdin = "pipe", terminal }: Streams,
): Spawned {
  const more: "pipe"[] = order ? (needsWatch(order) ? ["pipe", "pipe"] : ["pipe"]) : [];
  // Where there is a terminal, these three are its own, whatever stands here; the types know of the usual three only.
  const first = terminal ? ["inherit", "inherit", "inherit"] : [stdin, "pipe", "pipe"];
  try {
    return Bun.spawn([...argv], {
      cwd,
      env: { ...env, ...mark },
      stdio: [...first, ...more] as ["pipe", "pipe", "pipe"],
      ...(terminal ? { terminal } : {}),
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

function nothing(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (stream) => stream.close() });
}

class Child implements ConfinedChild {
  readonly level: SandboxLevel;
  readonly exited: ConfinedChild["exited"];
  readonly #spawned: Spawned;
  readonly #mark: string | undefined;
  readonly #enclosed: boolean;
  /** Of the processes in it, which have a namespace of their own. */
  #first: number | undefined;

  constructor(spawned: Spawned, level: SandboxLevel, mark: string | undefined, enclosed: boolean) {
    this.#spawned = spawned;
    this.#enclosed = enclosed;
    this.level = level;
    this.#mark = mark;
    this.exited = this.#untilExit();
  }

  get pid(): number {
    return this.#spawned.pid;
  }

  /** Once it runs. */
  lookInside(): void {
    if (this.#enclosed) this.#first = descendants(this.pid)[1]?.pid;
  }

  get stdin(): Bun.FileSink {
    return this.#spawned.stdin;
  }

  get stdout(): ReadableStream<Uint8Array> {
    return this.#spawned.stdout ?? nothing();
  }

  get stderr(): ReadableStream<Uint8Array> {
    return this.#spawned.stderr ?? nothing();
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#signal(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal("SIGKILL");
    await this.exited;
    // Others of the group are nobody's children now; they are gone when the group is.
    const deadline = performance.now() + GONE_MS;
    while (this.#signal("SIGKILL") && performance.now() < deadline && (await this.#isRunning())) {
      await Bun.sleep(this.#first === undefined ? LOOK_MS : 1);
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

  /** The first of an enclosure ends when all others have. */
  async #isRunning(): Promise<boolean> {
    return this.#first === undefined ? await hasRunningMembers(this.pid) : isRunning(this.#first);
  }

  /** The whole group; false when nobody is left in it. */
  #signal(signal: NodeJS.Signals): boolean {
    if (this.#enclosed && signal !== "SIGKILL") return this.#signalEnclosed(signal);
    return signalGroup(this.pid, signal);
  }

  /** Not the two that hold the enclosure: without them the others are killed at once, whatever the signal. */
  #signalEnclosed(signal: NodeJS.Signals): boolean {
    const all = descendants(this.pid);
    const inside = all.slice(2);
    for (const { pid } of inside) sendSignal(pid, signal);
    return all.length > 0;
  }
}
