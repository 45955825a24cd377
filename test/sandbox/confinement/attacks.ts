/** Runs as a confined program: tries what it must not be able to do and what it must, and prints what it achieved. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { openKernel } from "../../../src/sandbox/linux/kernel.ts";
import type { AttackReport, AttackScene } from "./scene.ts";

const scene = JSON.parse(process.argv[2] ?? "") as AttackScene;
const { readable, writable, outside, server } = scene;
const secret = join(outside, "secret");
const kernel = openKernel();
const text = (value: string): Uint8Array => Buffer.from(`${value}\0`);
const AT_FDCWD = -100;

/** What returns without a throw has worked. */
type Attack = () => unknown;

function call(...args: Parameters<typeof kernel.call>): number {
  const result = kernel.call(...args);
  if (result < 0) throw new Error(`errno ${-result}`);
  return result;
}

/** Whether the call is let through to a kernel that then finds fault with what it was given. */
function reaches(errno: number, ...args: Parameters<typeof kernel.call>): void {
  const result = kernel.call(...args);
  if (result < 0 && -result !== errno) throw new Error(`errno ${-result}`);
}

const EBADF = 9;
const EFAULT = 14;
const EINVAL = 22;

function address(path: string): Uint8Array {
  const bytes = new Uint8Array(110);
  new DataView(bytes.buffer).setUint16(0, 1, true);
  bytes.set(Buffer.from(path), 2);
  return bytes;
}

function internetAddress(port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 2, true);
  view.setUint16(2, port);
  bytes.set([127, 0, 0, 1], 4);
  return bytes;
}

const files: Record<string, Attack> = {
  "read a file outside": () => fs.readFileSync(secret),
  "read /etc/passwd": () => fs.readFileSync("/etc/passwd"),
  "read through a link that was there": () => fs.readFileSync(join(readable, "link")),
  "read through a link of its own": () => {
    fs.symlinkSync(secret, join(writable, "link"));
    return fs.readFileSync(join(writable, "link"));
  },
  "read through /proc/self/root": () => fs.readFileSync(`/proc/self/root${secret}`),
  "read through a path with dots": () => fs.readFileSync(join(readable, "x").replace(/x$/, "../outside/secret")),
  "list a folder outside": () => fs.readdirSync(outside),
  "write a file outside": () => fs.appendFileSync(secret, "x"),
  "make a file outside": () => fs.writeFileSync(join(outside, "new"), ""),
  "make a folder outside": () => fs.mkdirSync(join(outside, "folder")),
  "truncate a file outside": () => call("truncate", text(join(outside, "long")), 0),
  "remove a file outside": () => fs.rmSync(join(outside, "removable")),
  "move a file in from outside": () => fs.renameSync(join(outside, "movable"), join(writable, "moved")),
  "link a file in from outside": () => fs.linkSync(secret, join(writable, "hard")),
  "write what it may only read": () => fs.appendFileSync(join(readable, "data"), "x"),
  "truncate what it may only read": () =>
    fs.closeSync(fs.openSync(join(readable, "data"), fs.constants.O_RDONLY | fs.constants.O_TRUNC)),
  "truncate by path what it may only read": () => call("truncate", text(join(readable, "data")), 1),
  "change its own program": () => fs.appendFileSync(import.meta.path, ""),
  "watch a folder outside": () => fs.watch(outside).close(),
  "learn the handle of a file outside": () =>
    reaches(75, "name_to_handle_at", AT_FDCWD, text(secret), new Uint8Array(8), new Uint8Array(8), 0),
  "see variables of the server": () => {
    if (process.env.ALEPH_TEST_SECRET === undefined) throw new Error("not there");
  },
  "read the server's environment": () => fs.readFileSync(`/proc/${server}/environ`),
  "read the server's memory map": () => fs.readFileSync(`/proc/${server}/maps`),
};

const metadata: Record<string, Attack> = {
  "chmod outside": () => fs.chmodSync(secret, 0o604),
  "fchmodat2 outside": () => call("fchmodat2", AT_FDCWD, text(secret), 0o604, 0),
  "chown outside": () => fs.chownSync(secret, scene.user, scene.user),
  "utimes outside": () => fs.utimesSync(secret, 1, 1),
  "touch outside": () => call("utimensat", AT_FDCWD, text(secret), 0, 0),
  "chmod what it may only read": () => fs.fchmodSync(fs.openSync(join(readable, "data"), "r"), 0o604),
  "make a program that runs with its owner's rights": () =>
    fs.closeSync(fs.openSync(join(writable, "setuid"), "w", 0o4755)),
  "make one by mknod": () => call("mknodat", AT_FDCWD, text(join(writable, "setuid2")), 0o104755, 0),
  "give a file of its own its owner's rights": () => {
    fs.writeFileSync(join(writable, "program"), "");
    fs.chmodSync(join(writable, "program"), 0o4755);
  },
  "set an attribute outside": () => call("setxattr", text(secret), text("user.x"), text("x"), 1, 0),
  "list attributes outside": () => call("listxattr", text(secret), 0, 0),
  "set flags of a file": () => {
    const fd = fs.openSync(join(readable, "data"), "r");
    const flags = new Uint32Array([0x80]);
    reaches(95, "ioctl", fd, 0x40086602, flags);
  },
};

const network: Record<string, Attack> = {
  "make a TCP socket": () => call("socket", 2, 1, 0),
  "make a UDP socket": () => call("socket", 2, 2, 0),
  "make an IPv6 socket": () => call("socket", 10, 1, 0),
  "make a Unix socket": () => call("socket", 1, 1, 0),
  "make a netlink socket": () => call("socket", 16, 3, 0),
  "make a vsock socket": () => reaches(97, "socket", 40, 1, 0),
  "make a pair of datagram sockets": () => call("socketpair", 1, 2, 0, new Uint32Array(2)),
  "connect to a Unix socket through a pair": () => {
    const pair = new Uint32Array(2);
    call("socketpair", 1, 2, 0, pair);
    call("connect", pair[0]!, address(join(outside, "datagrams")), 110);
  },
  "connect to the server's port": async () => {
    const socket = call("socket", 2, 1, 0);
    call("connect", socket, internetAddress(scene.port), 16);
  },
  "connect to a Unix socket": () => {
    const socket = call("socket", 1, 1, 0);
    call("connect", socket, address(join(outside, "socket")), 110);
  },
  "connect to an abstract socket": () => {
    const name = `\0${scene.abstract}`;
    call("connect", call("socket", 1, 1, 0), address(name), 2 + name.length);
  },
  "bind a port": () => call("bind", call("socket", 2, 1, 0), internetAddress(0), 16),
  listen: () => call("listen", call("socket", 2, 1, 0), 1),
};

const processes: Record<string, Attack> = {
  "start a shell": () => {
    if (!Bun.spawnSync(["/bin/sh", "-c", "true"]).success) throw new Error("failed");
  },
  "start itself": () => {
    if (!Bun.spawnSync([process.execPath, "--revision"], { env: { BUN_BE_BUN: "1" } }).success)
      throw new Error("failed");
  },
  fork: () => {
    const { symbols } = dlopen("libc.so.6", {
      fork: { args: [], returns: FFIType.i32 },
      _exit: { args: [FFIType.i32], returns: FFIType.void },
    });
    const child = symbols.fork();
    if (child === 0) symbols._exit(0);
    if (child < 0) throw new Error("refused");
  },
  "signal the server": () => process.kill(server, 0),
  "signal the server's thread": () => call("tgkill", server, server, 0),
  "queue a signal for the server": () => {
    const signal = new DataView(new ArrayBuffer(128));
    const SI_QUEUE = -1;
    signal.setInt32(8, SI_QUEUE, true);
    return call("rt_sigqueueinfo", server, 0, new Uint8Array(signal.buffer));
  },
  "limit the server": () => call("prlimit64", server, 7, 0, new BigUint64Array(2)),
  "renice the server": () => call("setpriority", 0, server, scene.priority),
  "move the server to other processors": () => call("sched_setaffinity", server, 128, new Uint8Array(128).fill(255)),
  "schedule the server": () => call("sched_setscheduler", server, 0, new Uint32Array(1)),
  "change the server's disk priority": () => call("ioprio_set", 1, server, 0),
  "read the server's memory": () =>
    reaches(EFAULT, "process_vm_readv", server, new Uint8Array(16), 1, new Uint8Array(16), 1, 0),
  "trace the server": () => reaches(5, "ptrace", 0x4206, server, 0, 0xffff),
  "own a file's signals": () => call("fcntl", fs.openSync(join(readable, "data"), "r"), 8, server),
  "outlive the server": () => call("prctl", 1, 0, 0, 0, 0),
};
const privileges: Record<string, Attack> = {
  "name the machine": () => call("sethostname", text(hostname()), hostname().length),
  // In a namespace, or a container that knows no other user, it is root by name.
  "become root, or another as root": () => {
    const other = process.getuid?.() === 0 ? 1 : 0;
    return call("setresuid", other, 0, 0);
  },
  "have a capability of root": () => {
    const capabilities = BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(fs.readFileSync("/proc/self/status", "latin1"))?.[1]}`);
    // Reading and writing whatever the owner: Landlock says what.
    if ((capabilities & ~2n) === 0n) throw new Error("none");
  },
  "regain privileges by starting a program": () => {
    if (/^NoNewPrivs:\t1$/m.test(fs.readFileSync("/proc/self/status", "latin1"))) throw new Error("cannot");
  },
  mount: () => reaches(EFAULT, "mount", 0, 0, 0, 0, 0),
  "change the root": () => call("chroot", text("/")),
  "enter a user namespace": () => reaches(EINVAL, "unshare", 0x10000000),
  "enter another namespace": () => reaches(EBADF, "setns", -1, 0),
  "load a program into the kernel": () => reaches(EINVAL, "bpf", 0, 0, 0),
  "measure performance": () => reaches(EFAULT, "perf_event_open", 0, 0, -1, -1, 0),
  "use keys": () => call("keyctl", 0, -3, 0),
  "use io_uring": () => reaches(EFAULT, "io_uring_setup", 1, 0),
  "handle page faults": () => call("userfaultfd", 1),
  "set the clock": () => reaches(EFAULT, "clock_settime", 0, 0),
  "share memory with others": () => call("shmget", 0, 4096, 0o1600),
  "make a semaphore": () => call("semget", 0, 1, 0o1600),
  "make a message queue": () => call("mq_open", text("aleph-test"), 0o102, 0o600, 0),
  "have memory that nobody counts": () => call("mmap", 0, 4096, 3, 0x21, -1, 0),
  "have a file that nobody counts": () => call("memfd_create", text("x"), 0),
  "read the kernel's log": () => call("syslog", 10, 0, 0),
  "dump its memory": () => {
    const { symbols } = dlopen("libc.so.6", { getrlimit: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 } });
    const limits = new BigUint64Array(2);
    symbols.getrlimit(4, ptr(limits));
    if (limits[1] === 0n) throw new Error("no");
  },
};

const allowed: Record<string, Attack> = {
  "read what it may": () => expectText(fs.readFileSync(join(readable, "data"), "utf8"), "data"),
  "list what it may": () => fs.readdirSync(readable),
  "write what it may": () => {
    fs.mkdirSync(join(writable, "a/b"), { recursive: true });
    fs.writeFileSync(join(writable, "a/b/file"), "one");
    fs.appendFileSync(join(writable, "a/b/file"), " two");
    fs.renameSync(join(writable, "a/b/file"), join(writable, "file"));
    fs.copyFileSync(join(writable, "file"), join(writable, "copy"));
    fs.truncateSync(join(writable, "copy"), 3);
    expectText(fs.readFileSync(join(writable, "copy"), "utf8"), "one");
    fs.rmSync(join(writable, "a"), { recursive: true });
  },
  "see its variables": () => expectText(JSON.stringify(Object.keys(process.env).toSorted()), scene.variables),
  "use random numbers": () => crypto.getRandomValues(new Uint8Array(8)),
  "know the time": () => expectText(new Date(0).toISOString(), "1970-01-01T00:00:00.000Z"),
  "have timers": () => Bun.sleep(1),
  "have threads": () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"])));
      worker.onmessage = resolve;
      worker.onerror = reject;
    }),
  "compile WebAssembly": () => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
  "have a pipe to itself": () => call("socketpair", 1, 1, 0, new Uint32Array(2)),
  "signal itself": () => process.kill(process.pid, 0),
  "know its memory": () => process.memoryUsage().rss,
};

function expectText(found: string, expected: string): void {
  if (found !== expected) throw new Error(`${found} is not ${expected}`);
}

const report: AttackReport = { worked: [], prevented: {}, allowed: [], refused: {} };
for (const [name, attempt] of Object.entries(allowed)) {
  try {
    await attempt();
    report.allowed.push(name);
  } catch (error) {
    report.refused[name] = String(error);
  }
}
for (const [name, attempt] of Object.entries({ ...files, ...metadata, ...network, ...processes, ...privileges })) {
  try {
    await attempt();
    report.worked.push(name);
  } catch (error) {
    report.prevented[name] = String(error);
  }
}
fs.writeSync(1, JSON.stringify(report));
process.exit(0);
