/** `__sandbox-exec`: the process that takes an order from the server, confines itself and becomes the program. */
import { readSync, writeSync } from "node:fs";
import { assembleFilter } from "./filter.ts";
import { becomeNobody } from "./identity.ts";
import { cString, errorName, type Kernel, openKernel } from "./kernel.ts";
import { landlockVersion, prepareRuleset } from "./landlock.ts";
import { LaunchError } from "./launch-error.ts";
import { limitMemory, limitResources } from "./limits.ts";
import { type LaunchAnswer, type LaunchOrder, needsWatch, ORDER_FD, WATCH_FD } from "./order.ts";
import { confiningRules } from "./rules.ts";

/** As shells say that a program was found and could not be run. */
const FAILED = 126;

const PR_SET_PDEATHSIG = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
const SIGKILL = 9;
const TIOCSCTTY = 0x540e;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_RDWR = 2;
const O_ASYNC = 0o20000;

/** Comes back only when the program could not be started; the answer to the server says why. */
export function launch(): number {
  try {
    confineAndBecome(readOrder());
  } catch (thrown) {
    // What we did not foresee must not start the program either.
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    try {
      answer({ failed: thrown instanceof LaunchError ? thrown.reason : "sandbox_denied", message });
    } catch {
      // There is no server on the other side: somebody typed this.
      writeSync(2, `Only the server starts this, with an order: ${message}\n`);
    }
  }
  return FAILED;
}

function confineAndBecome(order: LaunchOrder): void {
  const kernel = openKernel();
  const program = new Program(kernel, order);
  kernel.must("fcntl", ORDER_FD, F_SETFD, FD_CLOEXEC);
  if (needsWatch(order)) watchServer(kernel);
  if (order.terminal) takeTerminal(kernel, order);
  // Then it need not set the rights of what it makes, which it could not do.
  if (order.commands && !order.enclosed && order.user === null) process.umask(0o077);
  enter(order.cwd);
  const version = order.landlock ? landlockVersion(kernel) : 0;
  if (order.landlock && version === 0) throw new LaunchError("sandbox_denied", "The kernel has no Landlock");
  const ruleset = order.landlock ? prepareRuleset(kernel, order, version) : undefined;
  limitResources(kernel, order);
  becomeNobody(kernel, order);
  dieWithServer(kernel, order);
  kernel.must("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (ruleset !== undefined) kernel.must("landlock_restrict_self", ruleset, 0);
  applyFilter(
    kernel,
    assembleFilter(confiningRules({ ...order, abi: version, pid: process.pid }), kernel.architecture),
  );
  restoreSignals(kernel);
  answer({ landlock: version });
  limitMemory(kernel, order);
  program.become();
}

function readOrder(): LaunchOrder {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(65_536);
    const length = readSync(ORDER_FD, chunk);
    chunks.push(chunk.subarray(0, length));
    if (length === 0 || chunk[length - 1] === 0x0a) break;
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function answer(what: LaunchAnswer): void {
  writeSync(ORDER_FD, `${JSON.stringify(what)}\n`);
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch {
    throw new LaunchError("not_found", `Cannot work in "${folder}"`);
  }
}

/** So that what is typed there can interrupt, and `/dev/tty` is it. Only who leads a session may have one. */
function takeTerminal(kernel: Kernel, { enclosed }: LaunchOrder): void {
  if (enclosed) kernel.must("setsid");
  kernel.must("ioctl", 0, TIOCSCTTY, 0);
}

/** When the server is gone the kernel kills the whole group, of which only this process hears of its parent's death. */
function watchServer(kernel: Kernel): void {
  kernel.must("fcntl", WATCH_FD, F_SETOWN, -process.pid);
  kernel.must("fcntl", WATCH_FD, F_SETSIG, SIGKILL);
  kernel.must("fcntl", WATCH_FD, F_SETFL, O_RDWR | O_ASYNC);
  // The program and its children hold it open. Bun closes what it does not know when another program begins.
  kernel.must("fcntl", WATCH_FD, F_SETFD, 0);
}

/** After the user has changed, which resets it. */
function dieWithServer(kernel: Kernel, { server }: LaunchOrder): void {
  kernel.must("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (server !== null && kernel.call("getppid") !== server)
    throw new LaunchError("sandbox_denied", "The server has ended");
}

function applyFilter(kernel: Kernel, filter: Uint8Array): void {
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, filter.byteLength / 8, true);
  program.setBigUint64(8, kernel.address(filter), true);
  kernel.must("seccomp", SECCOMP_SET_MODE_FILTER, 0, new Uint8Array(program.buffer));
}

/** Made ready before the limits, under which little can be made. */
class Program {
  readonly #kernel: Kernel;
  readonly #path: Uint8Array;
  readonly #argv: Strings;
  readonly #env: Strings;

  constructor(kernel: Kernel, { argv, env }: LaunchOrder) {
    this.#kernel = kernel;
    this.#path = cString(argv[0] ?? "");
    this.#argv = new Strings(kernel, argv);
    this.#env = new Strings(
      kernel,
      Object.entries(env).map(([name, value]) => `${name}=${value}`),
    );
  }

  become(): never {
    const result = this.#kernel.call("execve", this.#path, this.#argv.pointers, this.#env.pointers);
    const reason = result === -2 ? "not_found" : "sandbox_denied";
    throw new LaunchError(reason, `The program cannot be started: ${errorName(-result)}`);
  }
}

/** A list of strings as `execve` takes it. */
class Strings {
  readonly pointers: BigUint64Array;
  /** The pointers go there. */
  readonly texts: readonly Uint8Array[];

  constructor(kernel: Kernel, strings: readonly string[]) {
    this.texts = strings.map(cString);
    this.pointers = new BigUint64Array([...this.texts.map((text) => kernel.address(text)), 0n]);
  }
}

/** Bun ignores some signals, and a program would inherit that. */
function restoreSignals(kernel: Kernel): void {
  const SIG_IGN = 1n;
  const SIG_SETMASK = 2;
  const found = new BigUint64Array(4);
  const byDefault = new BigUint64Array(4);
  for (let signal = 1; signal < 32; signal++) {
    if (kernel.call("rt_sigaction", signal, 0, found, 8) === 0 && found[0] === SIG_IGN) {
      kernel.call("rt_sigaction", signal, byDefault, 0, 8);
    }
  }
  kernel.call("rt_sigprocmask", SIG_SETMASK, new BigUint64Array(1), 0, 8);
}
