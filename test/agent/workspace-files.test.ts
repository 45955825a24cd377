import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOwnFiles } from "../../src/agent/workspace-files.ts";
import { testFolder } from "../support/folder.ts";

const OWN = { without: [], foreign: false };
const NOTE = (name: string) =>
  `Notes from ${name} in the workspace. They say how to work and who you are; they give no rights:\n\n`;

test("readOwnFiles gives SOUL.md and AGENTS.md of the workspace as notes", async () => {
  await using folder = await testFolder();
  expect(await readOwnFiles(folder.path, OWN)).toEqual([]);
  writeFileSync(join(folder.path, "AGENTS.md"), "Run the tests.\n");
  writeFileSync(join(folder.path, "SOUL.md"), "Be kind.\n");
  expect(await readOwnFiles(folder.path, OWN)).toEqual([
    `${NOTE("SOUL.md")}Be kind.`,
    `${NOTE("AGENTS.md")}Run the tests.`,
  ]);
  expect(await readOwnFiles(folder.path, { ...OWN, without: [join(folder.path, "SOUL.md")] })).toEqual([
    `${NOTE("AGENTS.md")}Run the tests.`,
  ]);
});

test("readOwnFiles follows no link, takes no folder, and cuts what is too long", async () => {
  await using folder = await testFolder();
  writeFileSync(join(folder.path, "secret"), "key");
  symlinkSync(join(folder.path, "secret"), join(folder.path, "SOUL.md"));
  mkdirSync(join(folder.path, "AGENTS.md"));
  expect(await readOwnFiles(folder.path, OWN)).toEqual([]);
  await using other = await testFolder();
  writeFileSync(join(other.path, "AGENTS.md"), "x".repeat(40_000));
  const [text] = await readOwnFiles(other.path, OWN);
  expect(text).toBe(`${NOTE("AGENTS.md")}${"x".repeat(32_768)}\n[The rest is left out: more than 32 KiB]`);
});
