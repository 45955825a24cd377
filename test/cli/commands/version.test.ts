import { expect, test } from "bun:test";
import manifest from "../../../package.json";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

test("version names the version, for people and programs", async () => {
  await using home = await testFolder();
  const run = (...args: string[]) => runCli(args, { home: home.path });
  const line = `aleph ${manifest.version} (Bun ${Bun.version}, ${process.platform} ${process.arch})\n`;
  for (const args of [["version"], ["--version"], ["-v"]])
    expect(await run(...args)).toEqual({ code: 0, stdout: line, stderr: "" });
  expect(JSON.parse((await run("version", "--json")).stdout)).toEqual({
    version: manifest.version,
    bun: Bun.version,
    platform: process.platform,
    arch: process.arch,
  });
});

test("version --licenses prints the notices of what the executable contains", async () => {
  await using home = await testFolder();
  const { code, stdout } = await runCli(["version", "--licenses"], { home: home.path });
  expect(code).toBe(0);
  for (const name of Object.keys(manifest.dependencies).filter((own) => ["hono", "zod", "citty"].includes(own))) {
    expect(stdout).toContain(`\n${name} `);
  }
});
