/** What channels may use of the machine that Aleph runs on: for those that speak with a program instead of a server. */
import { tmpdir } from "node:os";

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 10_000;

export function channelMachine(userHome: string) {
  return {
    platform: process.platform,
    userHome,
    async run(argv: readonly string[], signal: AbortSignal) {
      const { spawnCommand } = await import("./sandbox/spawn.ts");
      const env = { HOME: userHome, PATH: "/usr/bin:/bin", LANG: "C.UTF-8" };
      return spawnCommand({ argv, cwd: tmpdir(), env, signal, timeoutMs: TIMEOUT_MS, maxOutput: MAX_OUTPUT });
    },
  };
}
