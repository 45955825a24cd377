/** Watches how much memory and how many processes a command has, all of it together, and ends it when that is too much. */
import { descendants, proportionalMemory } from "./descendants.ts";

export interface OveruseOptions {
  /** The process from which all others come. */
  readonly pid: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** What was too much, in words; called once. */
  readonly onOveruse: (what: string) => void;
}

const LOOK_MS = 50;
const MEGABYTE = 1024 * 1024;

/**
 * The kernel's own limits are for each process, and count for nothing with root's. Between two looks a command can go
 * over: this keeps the machine usable, it does not keep an exact account.
 */
export function watchOveruse({ pid, memoryBytes, processes, onOveruse }: OveruseOptions): Disposable {
  const look = () => {
    const all = descendants(pid);
    // The kernel keeps most commands at that number, where nothing goes on any more.
    const tooMany = all.reduce((sum, { threads }) => sum + threads, 0) >= processes;
    const resident = all.reduce((sum, { resident }) => sum + resident, 0);
    const tooBig = resident > memoryBytes && shared(all) > memoryBytes;
    if (!tooMany && !tooBig) return;
    clearInterval(timer);
    onOveruse(
      tooMany
        ? `it had more than ${processes} processes and threads`
        : `it used more than ${memoryBytes / MEGABYTE} MB of memory`,
    );
  };
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function shared(all: ReturnType<typeof descendants>): number {
  return all.reduce((sum, { pid, resident }) => sum + (proportionalMemory(pid) ?? resident), 0);
}
