/** All commands, loaded. */
import type { Entry } from "./command.ts";
import { commands } from "./commands/index.ts";

export function allEntries(): Promise<(readonly [string, Entry])[]> {
  return Promise.all(Object.entries(commands).map(async ([name, load]) => [name, await load()] as const));
}
