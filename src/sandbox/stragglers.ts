/** Finds processes that left the process group of the command that started them, by a mark in their environment. */
import { readdir, readFile } from "node:fs/promises";

/**
 * Kills every process of ours whose environment has `name=value`. Only Linux shows environments; elsewhere, and for a
 * process that threw its environment away, the process group is all there is.
 */
export async function killMarked(name: string, value: string): Promise<void> {
  if (process.platform !== "linux") return;
  const mark = `${name}=${value}`;
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""); // Ended, or somebody else's.
      if (!environment.split("\0").includes(mark)) return;
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // Ended in between.
      }
    }),
  );
}
