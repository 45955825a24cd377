import { expect, test } from "bun:test";
import { createLog, type LogEntry } from "../../src/lib/log.ts";
import { teeLog } from "../../src/lib/tee-log.ts";

test("teeLog writes each line into both, each by its own level", () => {
  const seen: string[] = [];
  const into = (name: string, least: "debug" | "warn") =>
    createLog({
      write: ({ level, message, fields }: LogEntry) =>
        seen.push(`${name} ${level} ${message} ${JSON.stringify(fields)}`),
      level: () => least,
    });
  const log = teeLog(into("a", "warn"), into("b", "debug")).child({ plugin: "x" });
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e", { n: 1 });
  expect(seen).toEqual([
    'b debug d {"plugin":"x"}',
    'b info i {"plugin":"x"}',
    'a warn w {"plugin":"x"}',
    'b warn w {"plugin":"x"}',
    'a error e {"plugin":"x","n":1}',
    'b error e {"plugin":"x","n":1}',
  ]);
  expect([log.writes("debug"), teeLog(into("a", "warn"), into("b", "warn")).writes("info")]).toEqual([true, false]);
});
