/**
 * The options of `serve`, read without loading anything: the time until the server answers counts. Whatever is not
 * plainly right is left to the full parser, which knows how to complain.
 */
import type { LogLevel } from "../lib/log.ts";

export interface ServeFlags {
  home?: string;
  config?: string;
  host?: string;
  port?: string;
  "log-level"?: LogLevel;
  remote?: boolean;
}

/** As lib/log has them, without loading it. */
export const SERVE_LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

const NAMES: ReadonlySet<string> = new Set([
  "home",
  "config",
  "host",
  "port",
  "log-level",
] satisfies (keyof ServeFlags)[]);

/** The options, or nothing when `words` hold anything else. */
export function readServeFlags(words: readonly string[]): ServeFlags | undefined {
  const flags: Record<string, string | true> = {};
  for (let at = 0; at < words.length; at++) {
    if (words[at] === "--remote") {
      flags.remote = true;
      continue;
    }
    const [, name = "", inline] = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[at]!) ?? [];
    const value = inline ?? words[++at];
    if (!NAMES.has(name) || !value || (inline === undefined && value.startsWith("-"))) return undefined;
    if (name === "log-level" && !SERVE_LOG_LEVELS.some((level) => level === value)) return undefined;
    flags[name] = value;
  }
  return flags;
}
