/** What the kernel knows of a process. */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessUse {
  readonly rssMib: number;
  readonly descriptors: number;
  readonly cpuSeconds: number;
}

/** Ticks of /proc a second, as every Linux has them. */
const TICKS = 100;

export function useOf(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return {
    rssMib: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 10.24) / 100,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
  };
}
