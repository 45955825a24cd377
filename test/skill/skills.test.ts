/** Skills as the server finds and judges them, over a real socket. */
import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { writePlugin } from "../support/plugins.ts";
import { writeSkill } from "../support/skills.ts";
import { refusalOf } from "../support/tool-call.ts";

async function setUp() {
  const app = await testApp();
  const workspace = join(app.home.workspaces, "main");
  mkdirSync(workspace, { recursive: true });
  return {
    ...app,
    workspace,
    states: async () =>
      (await app.client.call("skills.list", {})).skills.map(({ name, source, status, awaits }) =>
        [name, source, status, awaits].filter(Boolean).join(" "),
      ),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

test("a skill that its owner put down is in use at once, and so are its changes", async () => {
  await using t = await setUp();
  expect(await t.states()).toEqual([]);
  const folder = writeSkill(t.home.skills, "forms", { files: { "scripts/fill.sh": "echo\n" } });
  const { skills, folders } = await t.client.call("skills.list", {});
  expect(folders).toEqual([{ path: t.home.skills, source: "user", trusted: true }]);
  expect(skills).toEqual([
    {
      name: "forms",
      description: "How to do forms",
      source: "user",
      plugin: null,
      path: folder,
      status: "active",
      awaits: null,
      error: null,
      license: null,
      compatibility: null,
      metadata: {},
      allowed_tools: null,
      files: ["SKILL.md", "scripts/fill.sh"],
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      approved: null,
      installed_from: null,
    },
  ]);
  appendFileSync(join(folder, "SKILL.md"), "More.\n");
  const found = await t.client.call("skills.get", { name: "forms" });
  expect(found.text).toEndWith("Do it well.\nMore.\n");
  expect(found.sha256).not.toBe(skills[0]!.sha256);
});

test("a skill is switched off and on", async () => {
  await using t = await setUp();
  writeSkill(t.home.skills, "forms");
  expect((await t.client.call("skills.deactivate", { name: "forms" })).status).toBe("inactive");
  expect(await t.states()).toEqual(["forms user inactive"]);
  expect((await t.client.call("skills.activate", { name: "forms" })).status).toBe("active");
});

test("a skill that breaks the rules says how, with its line, and the others stay in use", async () => {
  await using t = await setUp();
  writeSkill(t.home.skills, "bad", { frontmatter: "name: bad\ndescriptoin: x" });
  writeSkill(t.home.skills, "good");
  const linked = writeSkill(t.home.skills, "linked");
  symlinkSync("/etc/passwd", join(linked, "notes.md"));
  symlinkSync(join(t.home.skills, "good"), join(t.home.skills, "twin"));
  expect(await t.states()).toEqual(["bad user error", "good user active", "linked user error"]);
  const { error } = await t.client.call("skills.get", { name: "bad" });
  expect(error).toEqual({
    reason: "plugin_error",
    message: 'SKILL.md:3: "descriptoin" is not known; did you mean "description"?, and 1 more',
    issues: [
      { path: "descriptoin", message: 'is not known; did you mean "description"?', line: 3 },
      { path: "description", message: "is missing", line: 1 },
    ],
  });
  expect(await refusalOf(t.client.call("skills.activate", { name: "bad" }))).toStartWith("plugin_error: SKILL.md:3");
  expect(await refusalOf(t.client.call("skills.get", { name: "goood" }))).toBe('not_found: No skill "goood"');
});

test("skills of a workspace are off until the folder is trusted, and then each waits for its owner", async () => {
  await using t = await setUp();
  const folder = writeSkill(join(t.workspace, "skills"), "local", { text: "Mine." });
  expect(await t.states()).toEqual([]);
  expect((await t.client.call("skills.list", {})).folders).toEqual([
    { path: join(t.workspace, "skills"), source: "workspace", trusted: false },
  ]);
  await t.client.call("plugins.trustFolder", { folder: join(t.workspace, "skills") });
  expect(await t.states()).toEqual(["local workspace pending approval"]);
  const { sha256 } = await t.client.call("skills.get", { name: "local" });
  appendFileSync(join(folder, "SKILL.md"), "Changed while it was looked at.\n");
  expect(await refusalOf(t.client.call("skills.activate", { name: "local", sha256: sha256! }))).toBe(
    'conflict: The files of skill "local" changed since they were shown',
  );
  expect((await t.client.call("skills.activate", { name: "local" })).approved?.approved_by).toBe("owner");
  expect(await t.states()).toEqual(["local workspace active"]);
  appendFileSync(join(folder, "SKILL.md"), "The model wrote this.\n");
  expect(await t.states()).toEqual(["local workspace pending content"]);
  expect(await refusalOf(t.client.call("skills.uninstall", { name: "local" }))).toStartWith("conflict: ");
});

test("a plugin brings skills while it is in use, and a person's own of the same name goes first", async () => {
  await using t = await setUp();
  const plugin = await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  writeSkill(join(plugin, "skills"), "layout");
  await t.client.call("plugins.reload", { id: "style" });
  expect(await t.states()).toEqual(["layout plugin active"]);
  writeSkill(t.home.skills, "layout");
  expect(await t.states()).toEqual(["layout user active", "layout plugin error"]);
  rmSync(join(t.home.skills, "layout"), { recursive: true });
  await t.client.call("plugins.disable", { id: "style" });
  expect(await t.states()).toEqual([]);
});

test("what was installed waits for its owner, and changed files leave the approved ones in use", async () => {
  await using t = await setUp();
  const source = writeSkill(join(t.home.path, "elsewhere"), "forms", { files: { "references/a.md": "A\n" } });
  const installed = await t.client.call("skills.install", { source });
  expect(installed).toMatchObject({
    name: "forms",
    status: "pending",
    awaits: "approval",
    installed_from: source,
    replaced: null,
  });
  await t.client.call("skills.activate", { name: "forms", sha256: installed.sha256! });
  expect(await t.states()).toEqual(["forms user active"]);
  writeFileSync(join(t.home.skills, "forms", "references", "a.md"), "B\n");
  expect(await t.states()).toEqual(["forms user pending content"]);
  const again = await t.client.call("skills.install", { source, accept: true });
  expect(again).toMatchObject({ status: "active", replaced: { source } });
  expect(await t.client.call("skills.uninstall", { name: "forms" })).toEqual({ name: "forms" });
  expect(await t.states()).toEqual([]);
});

test("skills.install takes one of several by its path, and refuses what is none", async () => {
  await using t = await setUp();
  const top = join(t.home.path, "elsewhere");
  writeSkill(join(top, "skills"), "one");
  writeSkill(join(top, "skills"), "two");
  const error = await t.client.call("skills.install", { source: top }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: "There are several skills in it",
    data: { hint: "Say which one with its path: skills/one, skills/two" },
  });
  expect((await t.client.call("skills.install", { source: top, path: "skills/two" })).name).toBe("two");
  const linked = writeSkill(join(t.home.path, "elsewhere"), "linked");
  symlinkSync("/etc/passwd", join(linked, "x"));
  mkdirSync(join(t.home.path, "empty"));
  const refused = [
    await refusalOf(t.client.call("skills.install", { source: linked })),
    await refusalOf(t.client.call("skills.install", { source: join(t.home.path, "empty") })),
    await refusalOf(t.client.call("skills.install", { source: top, path: "../skills" })),
    await refusalOf(t.client.call("skills.install", { source: top, path: "nothing" })),
    await refusalOf(t.client.call("skills.install", { source: "http://example.com/x.zip" })),
  ];
  expect(refused.map((text) => text?.split(":")[0])).toEqual([
    "plugin_error",
    "plugin_error",
    "plugin_error",
    "not_found",
    "invalid_params",
  ]);
  expect(await t.states()).toEqual(["two user pending approval"]);
});
