/** Landlock: the files that a process may open and the TCP ports that it may call, for itself and all that it starts. */
import { existsSync, statSync } from "node:fs";
import { cString, errorName, type Kernel } from "./kernel.ts";
import { LaunchError } from "./launch-error.ts";
import type { LaunchOrder } from "./order.ts";

const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const REMOVE_DIR = 1n << 4n;
const REMOVE_FILE = 1n << 5n;
const MAKE_DIR = 1n << 7n;
const MAKE_FILE = 1n << 8n;
const MAKE_SOCKET = 1n << 9n;
const MAKE_FIFO = 1n << 10n;
const MAKE_LINK = 1n << 12n;
const REFER = 1n << 13n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEVICE = 1n << 15n;
/** The rights that make sense for a file that is no folder. */
const OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE;

const READING = READ_FILE | READ_DIR;
const EXECUTING = READING | EXECUTE;
/** Not of devices and sockets; nothing in such a folder can be started. */
const WRITING =
  READING | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | MAKE_FIFO | MAKE_LINK | REFER | TRUNCATE;

/** Of commands: they start what they have built. */
const BUILDING = WRITING | EXECUTE;
const IN_OWN_NETWORK = BUILDING | MAKE_SOCKET;

const CONNECT_TCP = 1n << 1n;
const BIND_TCP = 1n << 0n;
const SCOPE_ABSTRACT_SOCKETS = 1n << 0n;
const SCOPE_SIGNALS = 1n << 1n;

const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const RULE_NET_PORT = 2;
const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_SYMLINKS = 4;

const DEVICES = ["/dev/null", "/dev/full", "/dev/random", "/dev/urandom"];
/** Of this one memory can be made that no limit counts. A limit for one process means little to many. */
const DEVICES_FOR_MANY = [...DEVICES, "/dev/zero"];
const TERMINAL = "/dev/tty";

/** The version of Landlock that the kernel has; 0: none. */
export function landlockVersion(kernel: Kernel): number {
  return Math.max(0, kernel.call("landlock_create_ruleset", 0, 0, CREATE_RULESET_VERSION));
}

/** A ruleset, as a file descriptor, that `enforce` puts into force. Opened while the process may still see all paths. */
export function prepareRuleset(kernel: Kernel, order: LaunchOrder, version: number): number {
  const handled = handledRights(version);
  const hasOwnNetwork = order.commands && order.enclosed && order.network === "none";
  const attributes = new BigUint64Array([
    handled,
    version >= 4 && !hasOwnNetwork ? BIND_TCP | CONNECT_TCP : 0n,
    version >= 6 ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0n,
  ]);
  const size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const ruleset = kernel.must("landlock_create_ruleset", attributes, size, 0);
  const allow = (path: string, rights: bigint, follow: boolean) =>
    allowPath(kernel, ruleset, { path, rights: rights & handled, follow });
  for (const path of [...order.system, ownProcesses(order)]) allow(path, READING, true);
  for (const path of order.execute) allow(path, EXECUTING, true);
  for (const path of order.read) allow(path, READING, false);
  const writing =
    (hasOwnNetwork ? IN_OWN_NETWORK : order.commands ? BUILDING : WRITING) | (order.localSockets ? MAKE_SOCKET : 0n);
  for (const path of order.write) allow(path, writing, false);
  // All that is there may be looked at.
  if (order.commands && order.enclosed) allow("/", READ_DIR, true);
  const devices = order.processes > 1 ? DEVICES_FOR_MANY : DEVICES;
  for (const path of devices.filter((device) => existsSync(device))) allow(path, READ_FILE | WRITE_FILE, true);
  // Opens the terminal that it has already, and no other.
  if (order.commands && existsSync(TERMINAL)) allow(TERMINAL, READ_FILE | WRITE_FILE | IOCTL_DEVICE, true);
  if (order.network !== "none") {
    if (version < 4)
      throw new LaunchError("sandbox_denied", "The kernel's Landlock cannot confine connections to a port");
    const port = new BigUint64Array([CONNECT_TCP, BigInt(order.network.proxyPort)]);
    kernel.must("landlock_add_rule", ruleset, RULE_NET_PORT, port, 0);
  }
  return ruleset;
}

/**
 * JavaScriptCore and others look for their stack in `/proc/self/maps`. The processes to come have no folder yet, so many
 * see all of `/proc`; what is private to a process outside, its environment and memory, Landlock keeps from them there too.
 */
function ownProcesses({ processes }: LaunchOrder): string {
  return processes > 1 ? "/proc" : `/proc/${process.pid}`;
}

function handledRights(version: number): bigint {
  if (version >= 5) return IOCTL_DEVICE * 2n - 1n;
  if (version >= 3) return TRUNCATE * 2n - 1n;
  return version === 2 ? REFER * 2n - 1n : REFER - 1n;
}

function allowPath(
  kernel: Kernel,
  ruleset: number,
  { path, rights, follow }: { readonly path: string; readonly rights: bigint; readonly follow: boolean },
): void {
  const how = new BigUint64Array([BigInt(O_PATH | O_CLOEXEC), 0n, follow ? 0n : BigInt(RESOLVE_NO_SYMLINKS)]);
  const fd = kernel.call("openat2", AT_FDCWD, cString(path), how, 24);
  if (fd < 0)
    throw new LaunchError(fd === -2 ? "not_found" : "sandbox_denied", `Cannot open "${path}": ${errorName(-fd)}`);
  const isFolder = statSync(`/proc/self/fd/${fd}`).isDirectory();
  const rule = new DataView(new ArrayBuffer(12));
  rule.setBigUint64(0, isFolder ? rights : rights & OF_FILES, true);
  rule.setInt32(8, fd, true);
  kernel.must("landlock_add_rule", ruleset, RULE_PATH_BENEATH, new Uint8Array(rule.buffer), 0);
}
