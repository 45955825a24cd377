import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writePlugin } from "../../support/plugins.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.uninstall removes a skill with what is known of it: the same one installed again waits anew", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = writeSkill(elsewhere.path, "forms");
  await t.client.call("skills.install", { source, accept: true });
  expect(await t.client.call("skills.uninstall", { name: "forms" })).toEqual({ name: "forms" });
  expect([existsSync(join(t.home.skills, "forms")), existsSync(join(t.home.run, "skills", "forms"))]).toEqual([
    false,
    false,
  ]);
  expect((await t.client.call("skills.list", {})).skills).toEqual([]);
  expect(await t.client.call("skills.install", { source })).toMatchObject({ status: "pending", approved: null });
});

test("skills.uninstall refuses what is not there, what a plugin brought, and what leaves the folder", async () => {
  await using t = await testApp();
  const plugin = await writePlugin(t.home.plugins, "style", { prompt: "Tabs." });
  const brought = writeSkill(join(plugin, "skills"), "layout");
  await t.client.call("plugins.reload", { id: "style" });
  const uninstall = (name: string) => refusalOf(t.client.call("skills.uninstall", { name }));
  expect(await uninstall("forms")).toBe('not_found: No skill "forms"');
  expect(await uninstall("../plugins/style")).toBe('not_found: No skill "../plugins/style"');
  expect(await uninstall("layout")).toBe(
    `conflict: Skill "layout" was not installed: it is in ${JSON.stringify(join(plugin, "skills"))}`,
  );
  expect(existsSync(join(brought, "SKILL.md"))).toBe(true);
});
