import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.list shows the skills of an agent and where they are looked for, and nothing of what another has", async () => {
  await using t = await testApp({ config: { agents: { scout: {} } } });
  writeSkill(t.home.skills, "forms", {
    frontmatter: "name: forms\ndescription: Fills forms\nlicense: MIT\nallowed-tools: Bash Read\nmetadata:\n  by: me\n",
    files: { "scripts/fill.sh": "echo\n" },
  });
  const own = join(t.home.workspaces, "scout", "skills");
  writeSkill(own, "trail");
  await t.client.call("plugins.trustFolder", { folder: own });
  const forms = {
    name: "forms",
    description: "Fills forms",
    source: "user" as const,
    plugin: null,
    path: join(t.home.skills, "forms"),
    status: "active" as const,
    awaits: null,
    error: null,
    license: "MIT",
    compatibility: null,
    metadata: { by: "me" },
    allowed_tools: ["exec", "read"],
    files: ["SKILL.md", "scripts/fill.sh"],
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    approved: null,
    installed_from: null,
  };
  const user = { path: t.home.skills, source: "user" as const, trusted: true };
  expect(await t.client.call("skills.list", {})).toEqual({ skills: [forms], folders: [user] });
  const scouts = await t.client.call("skills.list", { agent: "scout" });
  expect(scouts.folders).toEqual([user, { path: own, source: "workspace", trusted: true }]);
  expect(scouts.skills.map(({ name, source, status, awaits }) => [name, source, status, awaits])).toEqual([
    ["forms", "user", "active", null],
    ["trail", "workspace", "pending", "approval"],
  ]);
});

test("skills.list of no skills is empty, and of an agent that there is none of refused", async () => {
  await using t = await testApp();
  mkdirSync(t.home.skills, { recursive: true });
  expect((await t.client.call("skills.list", {})).skills).toEqual([]);
  expect(await refusalOf(t.client.call("skills.list", { agent: "nobody" }))).toBe('not_found: No agent "nobody"');
});
