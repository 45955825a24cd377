import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.activate lets a skill be used as its files were shown, and says who did and when", async () => {
  const before = Date.now();
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = writeSkill(elsewhere.path, "forms");
  const { sha256 } = await t.client.call("skills.install", { source });
  const active = await t.client.call("skills.activate", { name: "forms", sha256: sha256! });
  expect(active).toMatchObject({ status: "active", awaits: null, approved: { sha256, approved_by: "owner" } });
  expect(active.approved!.approved_at).toBeGreaterThanOrEqual(before);
});

test("skills.activate refuses other files than those that were shown, and the approved ones stay in use", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = writeSkill(elsewhere.path, "forms");
  const { sha256, path } = await t.client.call("skills.install", { source, accept: true });
  appendFileSync(join(path, "SKILL.md"), "And then something else.\n");
  expect(await refusalOf(t.client.call("skills.activate", { name: "forms", sha256: sha256! }))).toBe(
    'conflict: The files of skill "forms" changed since they were shown',
  );
  expect(await t.client.call("skills.get", { name: "forms" })).toMatchObject({
    status: "pending",
    awaits: "content",
    approved: { sha256 },
  });
  const changed = await t.client.call("skills.get", { name: "forms" });
  expect(await t.client.call("skills.activate", { name: "forms", sha256: changed.sha256! })).toMatchObject({
    status: "active",
    approved: { sha256: changed.sha256 },
  });
});

test("skills.activate refuses one that is not there, one of an agent that is not, and one that cannot be read", async () => {
  await using t = await testApp();
  writeSkill(t.home.skills, "bad", { frontmatter: "name: bad" });
  const activate = (params: { readonly name: string; readonly agent?: string }) =>
    refusalOf(t.client.call("skills.activate", params));
  expect(await activate({ name: "none" })).toBe('not_found: No skill "none"');
  expect(await activate({ name: "bad", agent: "nobody" })).toBe('not_found: No agent "nobody"');
  expect(await activate({ name: "bad" })).toStartWith("plugin_error: SKILL.md:1");
});
