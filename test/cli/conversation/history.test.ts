import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHistory } from "../../../src/cli/conversation/history.ts";
import { homeAt } from "../../../src/config/home.ts";
import { testFolder } from "../../support/folder.ts";

test("history is there the next time, newest first, readable by its owner alone", async () => {
  await using folder = await testFolder();
  const home = homeAt(join(folder.path, "new"));
  const history = openHistory(home);
  expect(history.entries).toEqual([]);
  for (const text of ["one", "two\nlines", "two\nlines", " secret", "", "three"]) history.add(text);
  expect(history.entries).toEqual(["three", "two\nlines", "one"]);
  expect(openHistory(home).entries).toEqual(["three", "two\nlines", "one"]);
  expect(statSync(join(home.path, "history")).mode & 0o777).toBe(0o600);
});

test("history survives lines that were cut short, and closes a file that was open to others", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "history");
  writeFileSync(path, '"one"\n"two\n42\n"three"\n', { mode: 0o644 });
  const history = openHistory(homeAt(folder.path));
  expect(history.entries).toEqual(["three", "one"]);
  history.add("four");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("history is cut to its newest thousand when it has grown to twice that", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "history");
  appendFileSync(path, Array.from({ length: 2001 }, (_, at) => `"entry ${at}"\n`).join(""));
  expect(openHistory(homeAt(folder.path)).entries).toHaveLength(1000);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([1000, '"entry 1001"', '"entry 2000"']);
});
