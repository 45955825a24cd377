import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";

test("agents lists main and those of the config", async () => {
  await using t = await testApp({ config: { agents: { helper: { model: "demo/demo", description: "Helps" } } } });
  const { code, stdout } = await runCli(["agents"], { home: t.home.path });
  expect([
    code,
    ...stdout.split("\n").map((line) => line.split(/ {2,}/).filter((cell) => !cell.startsWith("/"))),
  ]).toEqual([
    0,
    ["AGENT", "FROM", "MODEL", "WORKSPACE", "DESCRIPTION"],
    ["main", "built_in", "default"],
    ["helper", "config", "demo/demo", "Helps"],
    [""],
  ]);
});
