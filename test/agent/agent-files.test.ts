import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withAgentFiles } from "../../src/agent/agent-files.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { configOf } from "../support/providers/models.ts";

async function setUp(agents = {}) {
  const folder = await testFolder();
  mkdirSync(join(folder.path, "agents"));
  const { log, entries } = testLog();
  const base = { ...configOf({}), agents };
  const config = withAgentFiles({ folder: join(folder.path, "agents"), config: () => base, log });
  return {
    base,
    config,
    write: (file: string, text: string) => writeFileSync(join(folder.path, "agents", file), text),
    faults: () => entries.map(({ fields }) => (fields as { fault?: string } | undefined)?.fault),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("an agent file gives an agent its table and its prompt, and takes effect when it changes", async () => {
  await using t = await setUp();
  expect(t.config()).toBe(t.base);
  t.write(
    "scout.md",
    "---\ndescription: Looks around\nmodel: fast\nthinking: low\ntools: read, grep\ndeny: [exec]\n---\nYou scout.\n",
  );
  expect(t.config().agents).toEqual({
    scout: {
      description: "Looks around",
      model: "fast",
      thinking: "low",
      tools: { allow: ["read", "grep"], deny: ["exec"] },
      prompt: "You scout.",
    },
  });
  expect(t.config()).toBe(t.config());
  t.write("scout.md", "---\n---\nYou look.\n");
  expect(t.config().agents).toEqual({ scout: { prompt: "You look." } });
});

test("an agent file with faults tells each with its line, and what was in force stays", async () => {
  await using t = await setUp();
  t.write("scout.md", "---\nmodel: fast\n---\n");
  expect(t.config().agents).toEqual({ scout: { model: "fast" } });
  t.write("scout.md", "---\nname: other\nmodle: fast\nthinking: much\ntools: 3\n---\n");
  expect(t.config().agents).toEqual({ scout: { model: "fast" } });
  t.write("broken.md", "no frontmatter");
  expect(t.config().agents).toEqual({ scout: { model: "fast" } });
  expect(t.faults()).toEqual([
    'agents/scout.md:3: "modle" is not known; did you mean "model"?',
    'agents/scout.md:2: "name" must be the name of the file, "scout"',
    'agents/scout.md:4: "thinking" must be one of off, low, medium, high',
    'agents/scout.md:5: "tools" must be names of tools',
    'agents/broken.md:1: must begin with a line "---"',
  ]);
});

test("config.toml goes before a file of the same name, and files of other names are no agents", async () => {
  await using t = await setUp({ scout: { model: "big" } });
  t.write("scout.md", "---\nmodel: fast\n---\n");
  t.write("not an agent.md", "---\n---\n");
  t.write("notes.txt", "---\n---\n");
  expect(t.config().agents).toEqual({ scout: { model: "big" } });
});
