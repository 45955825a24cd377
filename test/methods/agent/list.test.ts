import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

const NONE = {
  description: null,
  model: null,
  thinking: null,
  prompt: null,
  prompt_files: [],
  workspace_exists: false,
  allow: null,
  deny: [],
};

test("agent.list tells of main, of those in config.toml and of those in files", async () => {
  await using t = await testApp({
    toml: '[agents.writer]\nmodel = "demo/demo"\nthinking = "low"\nworkspace = "/nowhere/texts"\n[agents.writer.tools]\nallow = ["read"]\ndeny = ["exec"]\n',
  });
  mkdirSync(join(t.home.path, "agents"));
  writeFileSync(join(t.home.path, "agents/reader.md"), "---\ndescription: reads\n---\nRead well.\n");
  expect(await checked(t.client)("agent.list", {})).toEqual({
    agents: [
      { ...NONE, agent: "main", from: "built_in", workspace: join(t.home.workspaces, "main") },
      {
        ...NONE,
        agent: "reader",
        from: "file",
        description: "reads",
        prompt: "Read well.",
        workspace: join(t.home.workspaces, "reader"),
      },
      {
        ...NONE,
        agent: "writer",
        from: "config",
        model: "demo/demo",
        thinking: "low",
        workspace: "/nowhere/texts",
        allow: ["read"],
        deny: ["exec"],
      },
    ],
  });
});
