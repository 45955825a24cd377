import { expect, test } from "bun:test";
import type { Arguments } from "../../src/cli/command.ts";
import { checkWords, findWord } from "../../src/cli/parse.ts";

const args = {
  first: { type: "positional", required: true },
  rest: { type: "positional", required: false, rest: true },
  home: { type: "string" },
  attach: { type: "string", alias: "a", repeatable: true },
  json: { type: "boolean", alias: "j" },
  level: { type: "enum", options: ["low", "high"] },
} satisfies Arguments;

test.each([
  ["sessions list", 0],
  ["--home /x sessions", 2],
  ["--home=/x sessions", 1],
  ["-a file sessions", 2],
  ["--json sessions", 1],
  ["--level high sessions", 2],
  ["-- sessions", -1],
  ["--home /x", -1],
  ["", -1],
])("findWord finds the command of %j at %d", (line, at) => {
  expect(findWord(line.split(" ").filter(Boolean), args)).toBe(at);
});

test("checkWords wants the options that a command cannot do without", () => {
  const needed = { center: { type: "string", required: true } } satisfies Arguments;
  expect([...checkWords(["--center", "x"], needed, "cmd")]).toEqual([["center", ["x"]]]);
  expect(() => checkWords([], needed, "cmd")).toThrow(
    expect.objectContaining({ reason: "invalid_params", message: "Option --center is missing" }),
  );
});

test("checkWords gives all values of an option in order", () => {
  const values = checkWords(["x", "-a", "1", "--attach=2", "--home", "-", "y", "z", "--", "--not"], args, "cmd");
  expect([...values]).toEqual([
    ["attach", ["1", "2"]],
    ["home", ["-"]],
  ]);
});

test.each([
  ["", "FIRST is missing"],
  ["x --homme /a", "Unknown option --homme"],
  ["x -z", "Unknown option -z"],
  ["x --home", "Option --home needs a value"],
  ["x --home --json", "Option --home needs a value"],
  ["x --json=1", "Option --json takes no value"],
  ["x --level hihg", 'Option --level is one of low, high, not "hihg"'],
  ["x --no-json", "Unknown option --no-json"],
  ["x --first 1", "Unknown option --first"],
])("checkWords refuses %j", (line, message) => {
  expect(() => checkWords(line.split(" ").filter(Boolean), args, "cmd")).toThrow(
    expect.objectContaining({ reason: "invalid_params", message }),
  );
});

test.each([[["x", "--home", ""]], [["x", "--home="]], [["x", "-a", ""]]])(
  "checkWords refuses an option whose value is empty: %j",
  (words) => {
    expect(() => checkWords(words, args, "cmd")).toThrow(
      expect.objectContaining({
        reason: "invalid_params",
        message: expect.stringMatching(/^Option --\w+ needs a value$/),
      }),
    );
  },
);

test("checkWords refuses an empty path and takes other empty words", () => {
  const places = {
    value: { type: "positional", required: true },
    file: { type: "positional", required: false, completion: "file" },
  } satisfies Arguments;
  expect(() => checkWords(["x", ""], places, "cmd")).toThrow(
    expect.objectContaining({ reason: "invalid_params", message: "FILE is missing" }),
  );
  expect([...checkWords([""], places, "cmd")]).toEqual([]);
});
