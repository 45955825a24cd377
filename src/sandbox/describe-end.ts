/** How a command ended, in words for the model. */
import { constants } from "node:os";
import type { CommandEnd } from "./launcher.ts";

/** Empty when all is as it should be. */
export function describeEnd({
  exitCode,
  signal,
  undone,
  overuse,
  timedOut,
}: CommandEnd & { timedOut: boolean }): string {
  const lines: string[] = [];
  if (overuse !== undefined) lines.push(`[stopped: ${overuse}]`);
  else if (timedOut) lines.push("[stopped: it took too long]");
  else if (signal !== null) lines.push(`[ended by ${signal}]`);
  else if (exitCode !== 0) lines.push(`[exit code ${exitCode}${signalOf(exitCode)}]`);
  if (undone.length > 0) lines.push(`[what it changed in ${undone.join(", ")} was undone: no command may change that]`);
  return lines.join("\n");
}

/** As shells say it: 128 and the number of the signal. */
function signalOf(exitCode: number | null): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === (exitCode ?? 0) - 128);
  return found ? `, as after ${found[0]}` : "";
}
