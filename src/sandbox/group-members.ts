/** Whether a process group, or the session of its leader, still has members that run. */
import { readdir, readFile } from "node:fs/promises";

/**
 * Those that ended count no more, even if nobody has asked how: in a container without an init they stay for ever, and a
 * signal still finds them. Elsewhere than on Linux this cannot be seen, and what a signal finds is taken for running.
 */
export async function hasRunningMembers(group: number): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const running = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ""); // Ended.
      // The name in parentheses may contain anything; state, parent, group and session follow the last of them.
      const [state, , its, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(its) === group || Number(session) === group) && state !== "Z" && state !== "X";
    }),
  );
  return running.includes(true);
}
