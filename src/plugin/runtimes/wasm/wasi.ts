/**
 * WASI preview 1 for modules that are built for it: clock, random numbers, the variables and folders that were granted,
 * and standard output as a log. No sockets, no processes; what is not granted is not there.
 */
import type { GrantedFolder } from "./frames.ts";
import { Descriptors } from "./wasi-descriptors.ts";
import { fileCalls, type WasiCalls } from "./wasi-files.ts";
import { ERRNO as E, WasiError, WasiMemory } from "./wasi-memory.ts";
import { pathCalls } from "./wasi-paths.ts";

export interface WasiOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly folders: readonly GrantedFolder[];
  readonly log: (level: "info" | "warn", text: Uint8Array) => void;
  /** It tried what is outside of the folders. */
  readonly denied: (target: string) => void;
}

/** The module ended itself. */
export class WasiExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exited with code ${code}`);
    this.code = code;
  }
}

/** Disposing closes what the module left open. */
export interface Wasi extends Disposable {
  /** As Extism takes host functions: the first argument is its own. */
  readonly functions: Readonly<Record<string, (context: unknown, ...args: (number | bigint)[]) => number>>;
  /** To be called before anything that was exported is. */
  setMemory(memory: WebAssembly.Memory | undefined): void;
}

const CLOCK = { realtime: 0, monotonic: 1 } as const;
const STDERR = 2;
const EVENT_BYTES = 32;
const SUBSCRIPTION_BYTES = 48;
const ABSOLUTE = 1;
/** Of preview 1: what would reach beyond the folders, make links, or set what nobody needs. */
const NOT_SUPPORTED = [
  "sock_accept",
  "sock_recv",
  "sock_send",
  "sock_shutdown",
  "fd_allocate",
  "fd_filestat_set_times",
  "fd_renumber",
  "path_filestat_set_times",
  "path_link",
  "path_readlink",
  "path_symlink",
] as const;
/** Random bytes that are made at once. */
const RANDOM_BYTES = 65_536;
/** Parts of a line that come before its end. */
const MAX_PENDING = 4096;

export function createWasi({ env, folders, log, denied }: WasiOptions): Wasi {
  const memory = new WasiMemory();
  const descriptors = new Descriptors(folders);
  const variables = Object.entries(env).map(([name, value]) => new TextEncoder().encode(`${name}=${value}\0`));
  const output = createLines((line) => log("info", line));
  const errors = createLines((line) => log("warn", line));

  const list = (items: readonly Uint8Array[]) => ({
    sizes(countAt: number, bytesAt: number) {
      memory.setU32(countAt, items.length);
      memory.setU32(
        bytesAt,
        items.reduce((sum, { length }) => sum + length, 0),
      );
    },
    get(pointersAt: number, textAt: number) {
      let at = textAt;
      for (const [index, item] of items.entries()) {
        memory.setU32(pointersAt + index * 4, at);
        memory.bytes(at, item.length).set(item);
        at += item.length;
      }
    },
  });
  const args = list([new TextEncoder().encode("plugin\0")]);
  const environ = list(variables);

  const calls: WasiCalls = {
    args_sizes_get: args.sizes,
    args_get: args.get,
    environ_sizes_get: environ.sizes,
    environ_get: environ.get,
    clock_res_get: (_clock: number, at: number) => memory.setU64(at, 1000n),
    clock_time_get: (clock: number, _precision: bigint, at: number) => memory.setU64(at, nanoseconds(clock)),
    random_get(at: number, length: number) {
      const bytes = memory.bytes(at, length);
      for (let from = 0; from < bytes.length; from += RANDOM_BYTES) {
        const part = new Uint8Array(Math.min(RANDOM_BYTES, bytes.length - from));
        bytes.set(crypto.getRandomValues(part), from);
      }
    },
    sched_yield: () => undefined,
    proc_exit(code: number) {
      throw new WasiExit(code);
    },
    proc_raise(signal: number) {
      throw new WasiExit(128 + signal);
    },
    poll_oneoff(subscriptionsAt: number, eventsAt: number, count: number, readyAt: number) {
      memory.setU32(readyAt, poll(memory, subscriptionsAt, eventsAt, count));
    },
    ...Object.fromEntries(NOT_SUPPORTED.map((name) => [name, () => E.notsup])),
    ...fileCalls({ memory, descriptors, denied, writeStream: (fd, bytes) => (fd === STDERR ? errors : output)(bytes) }),
    ...pathCalls(memory, descriptors, denied),
  };
  return {
    functions: Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [
        name,
        (_context: unknown, ...rest: (number | bigint)[]) => {
          try {
            const errno = call(...(rest as never[]));
            return typeof errno === "number" ? errno : E.success;
          } catch (thrown) {
            if (thrown instanceof WasiError) return thrown.errno;
            throw thrown;
          }
        },
      ]),
    ),
    setMemory(value) {
      memory.memory = value;
    },
    [Symbol.dispose]: () => descriptors[Symbol.dispose](),
  };
}

function nanoseconds(clock: number): bigint {
  if (clock === CLOCK.realtime) return BigInt(Date.now()) * 1_000_000n;
  // The clocks of processor time are this one too: there is nothing else in the process.
  return BigInt(Bun.nanoseconds());
}

/** Waits for the earliest clock; everything that can be read or written is ready. Gives the number of events. */
function poll(memory: WasiMemory, subscriptionsAt: number, eventsAt: number, count: number): number {
  if (count === 0 || count >>> 0 > 64) throw new WasiError(E.inval);
  const subscriptions = Array.from({ length: count }, (_, index) => {
    const view = memory.view(subscriptionsAt + index * SUBSCRIPTION_BYTES, SUBSCRIPTION_BYTES);
    const userdata = view.getBigUint64(0, true);
    const type = view.getUint8(8);
    if (type !== 0) return { userdata, type, waitNs: 0n };
    const timeout = view.getBigUint64(24, true);
    const isAbsolute = (view.getUint16(40, true) & ABSOLUTE) !== 0;
    return { userdata, type, waitNs: isAbsolute ? timeout - nanoseconds(view.getUint32(16, true)) : timeout };
  });
  const least = subscriptions.map(({ waitNs }) => waitNs).toSorted((a, b) => (a < b ? -1 : 1))[0]!;
  // The server ends the process when the call takes too long, asleep or not.
  if (least > 0n) Bun.sleepSync(Math.min(Number(least) / 1e6, 2 ** 31 - 1));
  const ready = subscriptions.filter(({ waitNs }) => waitNs <= least || waitNs <= 0n);
  for (const [index, { userdata, type }] of ready.entries()) {
    const view = memory.view(eventsAt + index * EVENT_BYTES, EVENT_BYTES);
    view.setBigUint64(0, userdata, true);
    view.setUint16(8, E.success, true);
    view.setUint8(10, type);
  }
  return ready.length;
}

/** Gives whole lines, and what has become too long for one. */
function createLines(give: (line: Uint8Array) => void): (bytes: Uint8Array) => void {
  let pending = new Uint8Array();
  return (bytes) => {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      give(joined(pending, bytes.subarray(from, Math.min(end, from + MAX_PENDING))));
      pending = new Uint8Array();
      from = end + 1;
    }
    pending = joined(pending, bytes.subarray(from, from + MAX_PENDING));
    if (pending.length >= MAX_PENDING) {
      give(pending);
      pending = new Uint8Array();
    }
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
