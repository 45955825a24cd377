/** One log into two. */
import type { Log, LogLevel } from "./log.ts";

export function teeLog(first: Log, second: Log): Log {
  const both = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    first[level](message, fields);
    second[level](message, fields);
  };
  return {
    debug: both("debug"),
    info: both("info"),
    warn: both("warn"),
    error: both("error"),
    child: (fields) => teeLog(first.child(fields), second.child(fields)),
    writes: (level) => first.writes(level) || second.writes(level),
  };
}
