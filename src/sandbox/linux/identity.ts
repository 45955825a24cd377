/** How a process leaves root, and every capability that it came with. */
import { cString, type Kernel } from "./kernel.ts";
import type { LaunchOrder } from "./order.ts";

/** Reads and writes files whoever owns them. */
const CAP_DAC_OVERRIDE = 1;

const CAPABILITY_VERSION_3 = 0x20080522;
const PR_SET_KEEPCAPS = 8;
const PR_SET_SECUREBITS = 28;
const SECBIT_NO_SETUID_FIXUP = 4;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const AT_FDCWD = -100;
const READ_AND_EXECUTE = 4 | 1;

/**
 * As root it becomes a user whom nobody else is: it owns nothing, may signal nobody and its processes count for
 * themselves. The folders of its confinement belong to root, often below one that only root may enter, and to give them
 * away would change them for everybody else. So it keeps one capability, with which the owner of a file does not matter,
 * when there are files that it may open; which ones these are Landlock alone says, here as for an ordinary user.
 */
export function becomeNobody(kernel: Kernel, order: LaunchOrder): void {
  const { user } = order;
  if (user === null) {
    setCapabilities(kernel, []);
    return;
  }
  kernel.must("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0);
  // Programs that ask whether they may before they do would be told no.
  if (order.commands) kernel.call("prctl", PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
  kernel.must("setgroups", 0, 0);
  kernel.must("setresgid", user, user, user);
  kernel.must("setresuid", user, user, user);
  const needsFiles = order.read.length > 0 || order.write.length > 0 || !canStart(kernel, order);
  setCapabilities(kernel, needsFiles ? [CAP_DAC_OVERRIDE] : []);
}

function canStart(kernel: Kernel, { argv }: LaunchOrder): boolean {
  return kernel.call("faccessat", AT_FDCWD, cString(argv[0] ?? ""), READ_AND_EXECUTE) === 0;
}

/** Exactly these, and the next program keeps them. */
function setCapabilities(kernel: Kernel, capabilities: readonly number[]): void {
  // A kernel that does not know the ambient ones has none to clear.
  kernel.call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const bits = capabilities.reduce((sum, capability) => sum | (1 << capability), 0);
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  // Effective, permitted, inheritable; then the same for those above 31.
  kernel.must("capset", header, new Uint32Array([bits, bits, bits, 0, 0, 0]));
  for (const capability of capabilities) {
    kernel.must("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  }
}
