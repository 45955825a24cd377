/** The processes below one, as Linux shows them; elsewhere nothing can be seen. */
import { readFileSync } from "node:fs";

export interface Descendant {
  readonly pid: number;
  readonly threads: number;
  /** Bytes that are in memory, what it shares with others counted in full. */
  readonly resident: number;
}

const PAGE = 4096;

/** `pid` itself first, then a parent before its children; empty when it has ended. */
export function descendants(pid: number): readonly Descendant[] {
  const found: Descendant[] = [];
  const pending = [pid];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const one = describe(next);
    if (!one) continue;
    found.push(one);
    pending.push(...childrenOf(next));
  }
  return found;
}

/** Its share of what it has in memory: what several hold counts for each in part. Undefined when that may not be seen. */
export function proportionalMemory(pid: number): number | undefined {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Not if it has ended and nobody has asked how. */
export function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== "" && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

function describe(pid: number): Descendant | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === "") return undefined;
  // The name in parentheses may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, threads: Number(fields[17]), resident: Number(fields[21]) * PAGE };
}

/** Of its main thread, which in nearly all programs is the one that starts others. */
function childrenOf(pid: number): readonly number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim();
  return children === "" ? [] : children.split(" ").map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Ended, or not ours to see.
    return "";
  }
}
