import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { chatGpt, claudeCode, openClaw } from "../../support/foreign-sessions.ts";

const KEY = "agent:main:chat:openclaw-b7300bff-a214-4c11-97ae-eab26883c67a";

async function sources() {
  const folder = await testFolder();
  mkdirSync(join(folder.path, "in"));
  const write = (name: string, text: string) => writeFileSync(join(folder.path, "in", name), text);
  write("claw.jsonl", openClaw());
  write("code.jsonl", claudeCode());
  write("conversations.json", chatGpt());
  write("other.jsonl", '{"a":1}\n');
  return folder;
}

test("import takes in what is in a folder, once, and tells what it could not read", async () => {
  await using folder = await sources();
  const home = join(folder.path, "home");
  mkdirSync(home);
  const importAll = (...more: string[]) => runCli(["import", join(folder.path, "in"), ...more], { home });
  const planned = await importAll("--dry-run", "--json");
  expect(JSON.parse(planned.stdout)).toMatchObject({ dry_run: true, conversations: [{ imported: 4 }, {}, {}] });
  const first = await importAll();
  const rows = first.stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(rows.slice(0, 2)).toEqual([
    ["FROM", "SESSION", "TITLE", "NEW", "GROWN", "KNOWN"],
    ["openclaw", KEY, "Weather", "4", "0", "0"],
  ]);
  const at = (name: string) => join(folder.path, "in", name);
  expect(first.stderr.trimEnd().split("\n")).toEqual([
    "Took in 14 messages; 3 of 3 conversations are new",
    "Left out: 3 messages of branches that were left",
    "Left out: 3 files and images",
    "Left out: 2 notes of the program itself",
    "Left out: 1 messages of subagents",
    `Not of a known form: ${at("other.jsonl")}`,
    `${at("claw.jsonl")}:7: a message without content or date`,
    `${at("code.jsonl")}:6: not JSON`,
    `${at("conversations.json")}: conversation 2 of the file is none`,
  ]);
  expect(first.code).toBe(1);
  const again = await importAll("--json");
  expect(JSON.parse(again.stdout).conversations).toMatchObject([
    { imported: 0, updated: 0, known: 4 },
    { imported: 0, updated: 0, known: 5 },
    { imported: 0, updated: 0, known: 5 },
  ]);
  const shown = await runCli(["sessions", "export", KEY, "--format", "jsonl"], { home });
  expect(
    shown.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).parts[0].untrusted),
  ).toEqual([undefined, undefined, true, undefined]);
}, 60_000);

test("import takes in what sessions export wrote, and ends well when nothing was wrong", async () => {
  await using folder = await sources();
  const home = join(folder.path, "home");
  mkdirSync(home);
  await runCli(["import", join(folder.path, "in/conversations.json")], { home });
  const file = join(folder.path, "out.jsonl");
  await runCli(["sessions", "export", "agent:main:chat:chatgpt-conv-1", "--format", "jsonl", "-o", file], { home });
  const { code, stderr } = await runCli(["import", file], { home });
  expect([code, stderr]).toEqual([0, "Took in 5 messages; 1 of 1 conversations is new\n"]);
}, 60_000);

test("import refuses what has no conversation in it, and what is not there", async () => {
  await using folder = await sources();
  const { path: home } = folder;
  const nothing = await runCli(["import", join(home, "in/other.jsonl")], { home });
  expect([nothing.code, nothing.stderr]).toEqual([
    2,
    expect.stringContaining("There is no conversation of a known form"),
  ]);
  const none = await runCli(["import", join(home, "none")], { home });
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("There is no file or folder")]);
  const wrong = await runCli(["import", join(home, "in"), "--from", "claw"], { home });
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--from is one of")]);
}, 60_000);
