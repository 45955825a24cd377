import { expect, test } from "bun:test";
import { type Column, cut, writeFacts, writeTable } from "../../src/cli/table.ts";
import { testApp } from "../support/app.ts";
import { openScreen, runCli } from "../support/cli.ts";
import { testOutput } from "../support/output.ts";

interface Row {
  readonly key: string;
  readonly title: string | null;
  readonly count: number;
}

const rows: readonly Row[] = [
  { key: "agent:main:main", title: "A long title that says a great deal about nothing", count: 3 },
  { key: "agent:main:x", title: null, count: 12 },
];
const columns: readonly Column<Row>[] = [
  { title: "KEY", value: ({ key }) => key },
  { title: "TITLE", value: ({ title }) => title, flexible: true },
  { title: "N", value: ({ count }) => count, align: "right" },
];

test("writeTable cuts nothing on a pipe", () => {
  const output = testOutput();
  writeTable(output, rows, columns);
  expect(output.text.split("\n")).toEqual([
    "KEY              TITLE                                               N",
    "agent:main:main  A long title that says a great deal about nothing   3",
    "agent:main:x                                                        12",
    "",
  ]);
});

test("writeTable shortens the flexible column on a terminal", () => {
  const output = testOutput(40);
  writeTable(output, rows, columns);
  expect(output.text.split("\n")).toEqual([
    "KEY              TITLE                 N",
    "agent:main:main  A long title that…    3",
    "agent:main:x                          12",
    "",
  ]);
});

test("writeTable shortens the other columns when that is not enough", () => {
  const output = testOutput(40);
  writeTable(output, rows, [...columns, { title: "STATE", value: () => "interrupted" }]);
  expect(output.text.split("\n")).toEqual([
    "KEY              TITLE      N  STATE",
    "agent:main:main  A long…    3  interrup…",
    "agent:main:x               12  interrup…",
    "",
  ]);
});

test("writeTable never cuts the first column, which other commands take", () => {
  const output = testOutput(16);
  writeTable(output, rows, columns);
  expect(output.text.split("\n")).toEqual([
    "KEY              TIT…   N",
    "agent:main:main  A l…   3",
    "agent:main:x           12",
    "",
  ]);
});

test("writeTable counts wide characters as two columns and shows control characters", () => {
  const output = testOutput(80);
  writeTable(output, [{ key: "你好", title: "a\x1b[31mb\nc", count: 1 }], columns);
  expect(output.text).toBe("KEY   TITLE         N\n你好  a\\x1b[31mb c  1\n");
});

test("writeFacts leaves out what is not known", () => {
  const output = testOutput();
  writeFacts(output, [
    ["home", "/x"],
    ["pid", 1],
    ["model", undefined],
    ["none", ""],
  ]);
  expect(output.text).toBe("home  /x\npid   1\n");
});

test("cut never breaks a character in two", () => {
  const texts = [
    cut("你好吗", 6),
    cut("你好吗", 5),
    cut("你好吗", 4),
    cut("a👩b", 3),
    cut("👩‍🚀👩‍🚀", 3),
    cut("👩‍🚀👩‍🚀", 2),
    cut("e\u0301e\u0301x", 2),
  ];
  expect(texts).toEqual(["你好吗", "你好…", "你…", "a…", "👩‍🚀…", "…", "e\u0301…"]);
});

test("tables of real commands fit a terminal of 60 columns, and are whole on a pipe and without colours where asked", async () => {
  await using t = await testApp();
  const title = "花园计划 with a title that goes on and on 👩‍🚀👩‍🚀 until it ends";
  await t.client.call("session.create", { session_key: "agent:main:chat:garden", title });
  for (const words of [["sessions"], ["tools"], ["interfaces"], ["agents"], ["plugins", "words"]]) {
    await using screen = openScreen(words, { home: t.home.path, columns: 60 });
    expect(await screen.exited).toBe(0);
    const lines = screen.text.trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(60);
    expect(screen.raw).toContain("\x1b[1m");
  }
  const piped = await runCli(["sessions"], { home: t.home.path });
  expect(piped.stdout).toContain(title);
  expect(piped.stdout).not.toContain("\x1b");
  await using plain = openScreen(["sessions"], { home: t.home.path, columns: 60, env: { NO_COLOR: "1" } });
  expect(await plain.exited).toBe(0);
  expect(plain.raw).not.toContain("\x1b[");
}, 60_000);
