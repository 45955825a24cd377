/** How much memory another process of this machine really has. */
import { readFileSync } from "node:fs";

/** Bytes. Nothing where the system does not tell, as everywhere but on Linux, or when there is no such process. */
export function residentBytes(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    // No such file: then the limits that the process was started with are all there is.
    return undefined;
  }
}
