import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesIn, menuAt } from "../../src/tui/completion.ts";
import { fieldOf } from "../../src/tui/field.ts";
import { testFolder } from "../support/folder.ts";

const WORDS = [{ word: "status", plugin_id: null, description: "how it goes", kind: "command" as const }];

async function files() {
  const folder = await testFolder();
  mkdirSync(join(folder.path, "notes"));
  mkdirSync(join(folder.path, ".hidden"));
  writeFileSync(join(folder.path, "notes/a list.txt"), "12345");
  writeFileSync(join(folder.path, "News.md"), "1");
  symlinkSync(join(folder.path, "notes"), join(folder.path, "nearby"));
  return folder;
}

test("a slash at the beginning offers our words and those of the server", () => {
  const menu = menuAt(fieldOf("/st"), { words: WORDS, folder: "/" });
  expect(menu).toMatchObject({
    from: 0,
    to: 3,
    choices: [
      { text: "/stop", note: "stop the answer" },
      { text: "/status", note: "how it goes" },
    ],
  });
});

test.each(["say /st", "/st and more", "/zzz", "plain"])("%s offers no word", (text) => {
  expect(menuAt(fieldOf(text), { words: WORDS, folder: "/" })).toBeUndefined();
});

test("an @ offers folders before files, and the hidden ones only where they are meant", async () => {
  await using folder = await files();
  const shown = (text: string) =>
    menuAt(fieldOf(text), { words: [], folder: folder.path })?.choices.map((choice) => choice.shown);
  expect(shown("see @")).toEqual(["nearby/", "notes/", "News.md"]);
  expect(shown("see @n")).toEqual(["nearby/", "notes/", "News.md"]);
  expect(shown("see @.")).toEqual([".hidden/"]);
  expect(shown("see @notes/")).toEqual(["notes/a list.txt"]);
  expect(shown("see @nowhere/")).toBeUndefined();
  expect(shown("mail@n")).toBeUndefined();
});

test("a chosen file with a space in its name stands in quotes", async () => {
  await using folder = await files();
  const menu = menuAt(fieldOf("see @notes/a"), { words: [], folder: folder.path });
  expect(menu).toEqual({
    from: 4,
    to: 12,
    choices: [{ text: '@"notes/a list.txt" ', shown: "notes/a list.txt", note: "attach" }],
  });
});

test("filesIn names each file once, and nothing that is none", async () => {
  await using folder = await files();
  const found = filesIn(`@News.md, @News.md @"notes/a list.txt" @notes @nobody ${"@x".repeat(5000)}`, folder.path);
  expect(found).toEqual([
    { path: join(folder.path, "News.md"), shown: "News.md", size: 1 },
    { path: join(folder.path, "notes/a list.txt"), shown: "notes/a list.txt", size: 5 },
  ]);
});
