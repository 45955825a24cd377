import { expect, test } from "bun:test";
import {
  createLog,
  describeError,
  formatLogLine,
  LOG_LEVELS,
  type LogEntry,
  type LogLevel,
} from "../../src/lib/log.ts";

test("log: entries with their time, own and inherited fields, secrets masked", () => {
  const entries: LogEntry[] = [];
  const log = createLog({ write: (entry) => entries.push(entry), level: () => "debug", now: () => 5 }, { area: "a" });
  log.child({ id: 1 }).info("started", { token: "t", note: "sk-aaaaaaaaaaaaaaaaaaaa", area: "b" });
  expect(entries).toEqual([
    { ts: 5, level: "info", message: "started", fields: { area: "b", id: 1, token: "[masked]", note: "[masked]" } },
  ]);
  expect(formatLogLine(entries[0]!)).toBe(
    '{"ts":"1970-01-01T00:00:00.005Z","level":"info","message":"started","area":"b","id":1,"token":"[masked]","note":"[masked]"}',
  );
});

test("log: a field never takes the place of what the line itself says", () => {
  const fields = { message: "another", level: "debug", ts: 1, area: "a" };
  expect(formatLogLine({ ts: 5, level: "warn", message: "refused", fields })).toBe(
    '{"ts":"1970-01-01T00:00:00.005Z","level":"warn","message":"refused","area":"a"}',
  );
});

test("log: the level is asked at each line", () => {
  const seen: string[] = [];
  let level: LogLevel = "warn";
  const log = createLog({ write: (entry) => seen.push(entry.level), level: () => level });
  const child = log.child({});
  for (level of LOG_LEVELS) for (const own of LOG_LEVELS) child[own]("line");
  expect(seen).toEqual(["debug", "info", "warn", "error", "info", "warn", "error", "warn", "error", "error"]);
});

test("describeError: message, name, stack and causes of an error; text of anything else", () => {
  const error = new TypeError("outer", { cause: new Error("inner", { cause: "text" }) });
  expect(describeError(error)).toEqual({
    error: "outer",
    name: "TypeError",
    stack: expect.stringContaining("TypeError: outer"),
    cause: { error: "inner", name: "Error", stack: expect.any(String), cause: { error: "text" } },
  });
  expect([describeError("x"), describeError(undefined), describeError(5)]).toEqual([
    { error: "x" },
    { error: "undefined" },
    { error: "5" },
  ]);
});

test("describeError: ends with an error that is its own cause", () => {
  const error = new Error("round");
  error.cause = error;
  expect(JSON.stringify(describeError(error)).match(/"error":"round"/g)).toHaveLength(9);
});
