import { expect, test } from "bun:test";
import { serve } from "../../src/cli/commands/serve.ts";
import { checkWords } from "../../src/cli/parse.ts";
import { readServeFlags, SERVE_LOG_LEVELS } from "../../src/cli/serve-flags.ts";
import { LOG_LEVELS } from "../../src/lib/log.ts";

test.each([
  ["", {}],
  ["--home /a --port 1", { home: "/a", port: "1" }],
  [
    "--home=/a --config=b.toml --host ::1 --log-level debug",
    { home: "/a", config: "b.toml", host: "::1", "log-level": "debug" },
  ],
  ["--port=1 --port 2", { port: "2" }],
  ["--remote --port 1", { remote: true, port: "1" }],
] as const)("readServeFlags reads %j", (line, flags) => {
  expect(readServeFlags(line.split(" ").filter(Boolean))).toEqual(flags);
});

test.each([
  "--help",
  "-h",
  "--prt 1",
  "--port",
  "--home=",
  "--port --host x",
  "--log-level loud",
  "status",
  "--home /a extra",
  "--json",
  "--remote yes",
  "--remote=yes",
  "--",
])("readServeFlags leaves %j to the full parser", (line) => {
  expect(readServeFlags(line.split(" "))).toBeUndefined();
});

test("what readServeFlags accepts the full parser accepts with the same values", () => {
  const words = ["--home=/a", "--config", "b", "--host", "h", "--port=1", "--log-level", "warn"];
  const full = Object.fromEntries(
    [...checkWords(words, serve.args, "aleph serve")].map(([name, [value]]) => [name, value]),
  );
  // A switch has no value.
  expect(readServeFlags(["--remote"])).toEqual({ remote: true });
  expect(readServeFlags(words)).toEqual(full);
});

test("the options of serve are those that are read without the full parser", () => {
  const words = Object.keys(serve.args).flatMap((name) => {
    if (name === "remote") return ["--remote"];
    return [`--${name}`, name === "log-level" ? "info" : "x"];
  });
  expect(Object.keys(readServeFlags(words) ?? {})).toEqual(Object.keys(serve.args));
  expect(SERVE_LOG_LEVELS).toEqual(LOG_LEVELS);
});
