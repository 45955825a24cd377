/** Makes this process one in a container. */
import { assembleFilter } from "../../../src/sandbox/linux/filter.ts";
import { openKernel } from "../../../src/sandbox/linux/kernel.ts";

/** What the default profile of Docker does to a process without CAP_SYS_ADMIN. */
export function forbidNamespaces(): void {
  const kernel = openKernel();
  const rules = [
    { errno: 1, calls: ["unshare", "mount", "umount2", "pivot_root", "setns"] },
    { errno: 1, calls: ["clone"], when: [[{ argument: 0, hasBits: 0x7e020000 }]] },
    { errno: 38, calls: ["clone3"] },
  ] as const;
  const filter = assembleFilter(rules, kernel.architecture);
  const attributes = new DataView(new ArrayBuffer(16));
  attributes.setUint16(0, filter.byteLength / 8, true);
  attributes.setBigUint64(8, kernel.address(filter), true);
  kernel.must("prctl", 38, 1, 0, 0, 0);
  const TO_ALL_THREADS = 1;
  kernel.must("seccomp", 1, TO_ALL_THREADS, new Uint8Array(attributes.buffer));
}
