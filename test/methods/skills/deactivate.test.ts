import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.deactivate switches a skill off for every agent; what was approved stays approved", async () => {
  await using t = await testApp({ config: { agents: { scout: {} } } });
  await using elsewhere = await testFolder();
  const source = writeSkill(elsewhere.path, "forms");
  const { sha256 } = await t.client.call("skills.install", { source, accept: true });
  expect(await t.client.call("skills.deactivate", { name: "forms" })).toMatchObject({
    status: "inactive",
    approved: { sha256 },
  });
  const [seen] = (await t.client.call("skills.list", { agent: "scout" })).skills;
  expect(seen?.status).toBe("inactive");
  const load = t.client.call("tool.call", { tool: "skill", args: { name: "forms" } });
  expect(await refusalOf(load)).toContain('Skill "forms" is switched off');
  expect((await t.client.call("skills.activate", { name: "forms", sha256: sha256! })).status).toBe("active");
});

test("skills.deactivate refuses one that is not there", async () => {
  await using t = await testApp();
  expect(await refusalOf(t.client.call("skills.deactivate", { name: "forms" }))).toBe('not_found: No skill "forms"');
});
