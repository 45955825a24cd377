/** Limits of what a process may use up, for itself and what it starts. */
import { readdirSync, readFileSync } from "node:fs";
import type { Kernel } from "./kernel.ts";
import type { LaunchOrder } from "./order.ts";

const CPU = 0;
const FILE_SIZE = 1;
const DATA = 2;
const CORE = 4;
const TASKS = 6;
const OPEN_FILES = 7;
const MESSAGE_QUEUES = 12;

/** Of a process that may have no other: more than any needs, and no danger to the machine. */
const THREADS = 512;

export function limitResources(kernel: Kernel, order: LaunchOrder): void {
  limit(kernel, CORE, 0);
  limit(kernel, MESSAGE_QUEUES, 0);
  limit(kernel, FILE_SIZE, order.fileBytes);
  limit(kernel, OPEN_FILES, order.openFiles);
  if (order.cpuSeconds !== null) limit(kernel, CPU, order.cpuSeconds);
  // The kernel counts all of the same user, threads too. Who is new has none.
  // In namespaces of its own the kernel begins to count anew.
  const others =
    order.user === null && !(order.commands && order.enclosed)
      ? order.processes > 1
        ? tasksOfThisUser()
        : allTasks()
      : 0;
  limit(kernel, TASKS, others + (order.processes > 1 ? order.processes : THREADS));
}

/** Last of all: under it this process, which was made for more, can hardly go on. */
export function limitMemory(kernel: Kernel, { memoryBytes }: LaunchOrder): void {
  limit(kernel, DATA, memoryBytes);
}

/** Soft and hard; never more than it has already. */
function limit(kernel: Kernel, resource: number, wanted: number): void {
  const found = new BigUint64Array(2);
  kernel.must("prlimit64", 0, resource, 0, found);
  const hard = found[1]!;
  const value = BigInt(wanted) < hard ? BigInt(wanted) : hard;
  kernel.must("prlimit64", 0, resource, new BigUint64Array([value, value]), 0);
}

/** Of everybody: quickly known, and close enough where nothing is promised. */
function allTasks(): number {
  const [, , , tasks = ""] = readFileSync("/proc/loadavg", "latin1").split(" ");
  return Number(tasks.split("/")[1]);
}

function tasksOfThisUser(): number {
  const user = String(process.getuid?.());
  let tasks = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      if (/^Uid:\t(\d+)/m.exec(status)?.[1] === user) tasks += Number(/^Threads:\t(\d+)/m.exec(status)?.[1]);
    } catch {
      // Ended in between.
    }
  }
  return tasks;
}
