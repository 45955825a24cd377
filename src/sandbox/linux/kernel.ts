/** The door to Linux: system calls by name, through libc's `syscall`. Loaded in the process that confines itself only. */
import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { constants } from "node:os";
import { LaunchError } from "./launch-error.ts";
import { type Architecture, architectureOf, type Syscall } from "./syscalls.ts";

type Argument = number | NodeJS.TypedArray;

export interface Kernel {
  readonly architecture: Architecture;
  /** What the call returns, or its error number negated. */
  call(name: Syscall, ...args: readonly Argument[]): number;
  /** The same where an error means that the confinement cannot be had. */
  must(name: Syscall, ...args: readonly Argument[]): number;
  /** An address to be put into a structure. Whoever asks keeps the bytes alive. */
  address(bytes: NodeJS.TypedArray): bigint;
}

export function openKernel(): Kernel {
  const architecture = architectureOf(process.arch);
  if (process.platform !== "linux" || !architecture) {
    throw new LaunchError("sandbox_denied", `The system calls of ${process.platform} on ${process.arch} are not known`);
  }
  const long = FFIType.i64;
  // musl answers to this name too.
  const { symbols: libc } = dlopen("libc.so.6", {
    syscall: { args: [long, long, long, long, long, long, long], returns: long },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  const raw = (argument: Argument = 0): number => (typeof argument === "number" ? argument : Number(ptr(argument)));
  const call: Kernel["call"] = (name, ...args) => {
    const number = architecture.number(name);
    if (number === undefined) return -constants.errno.ENOSYS;
    const [a, b, c, d, e, f] = args;
    const result = Number(libc.syscall(number, raw(a), raw(b), raw(c), raw(d), raw(e), raw(f)));
    if (result !== -1) return result;
    const location = libc.__errno_location();
    return location === null ? -constants.errno.EINVAL : -read.i32(location);
  };
  return {
    architecture,
    call,
    must(name, ...args) {
      const result = call(name, ...args);
      if (result < 0) throw new LaunchError("sandbox_denied", `The kernel refused ${name}: ${errorName(-result)}`);
      return result;
    },
    address: (bytes) => BigInt(ptr(bytes)),
  };
}

/** `EPERM` for 1. */
export function errorName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `error ${errno}`;
}

/** A string as C has it. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}
