/** Every method of a domain for people has its command. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isGroup } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { COMMAND_OF } from "../../src/cli/commands-of-methods.ts";
import { methods } from "../../src/methods/index.ts";

const sources = ["cli", "client"]
  .map((folder) => join(import.meta.dir, "../../src", folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)))
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

test("every method is in the table of commands, and the table has no other", () => {
  expect(Object.keys(COMMAND_OF).toSorted()).toEqual(Object.keys(methods).toSorted());
});

test("every method of a domain for people has a command that there is, that calls it and that speaks JSON", async () => {
  const wrong: string[] = [];
  for (const [method, words] of Object.entries(COMMAND_OF)) {
    if (typeof words !== "string") continue;
    const [name = "", below = ""] = words.split(" ");
    const entry = Object.hasOwn(commands, name) ? await commands[name as keyof typeof commands]() : undefined;
    const command = entry && isGroup(entry) ? entry.commands[below] : entry;
    if (command === undefined) wrong.push(`${method}: there is no command ${words}`);
    else if (!("json" in command.args)) wrong.push(`${method}: ${words} has no --json`);
    if (!sources.includes(`"${method}"`)) wrong.push(`${method}: no source of it calls it`);
  }
  expect(wrong).toEqual([]);
});
