/** Which events others are told of: all that say what happened, none of those that say how it goes on. */
import { compileGlob } from "../lib/glob.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Published } from "../sdk/bus.ts";

/** Many a second, and the whole is in an event that follows. */
const UNTOLD: ReadonlySet<string> = new Set([
  "stream.chunk",
  "stream.thinking",
  "stream.tool_output",
  "node.output",
  "system.tick",
]);

/** Of an ephemeral session nothing is kept, and nothing goes out. */
export function isTold({ event: { topic }, sessionKey }: Published): boolean {
  return !UNTOLD.has(topic) && !(sessionKey !== undefined && isEphemeral(parseSessionKey(sessionKey)));
}

/** Globs compiled once for as long as the config has them. */
export class Globs {
  readonly #known = new WeakMap<object, (topic: string) => boolean>();

  /** `entry` is the table that the globs are from. */
  of(entry: object, globs: readonly string[]): (topic: string) => boolean {
    const known = this.#known.get(entry);
    if (known) return known;
    const tests = globs.map(compileGlob);
    const test = (topic: string) => tests.some((matches) => matches(topic));
    this.#known.set(entry, test);
    return test;
  }
}
