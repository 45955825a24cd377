import { expect, test } from "bun:test";
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.install puts a skill in place, which waits for its owner; accepted, it is used at once", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const source = writeSkill(elsewhere.path, "forms", { files: { "scripts/fill.sh": "touch /tmp/never\n" } });
  const installed = await t.client.call("skills.install", { source });
  expect(installed).toMatchObject({
    name: "forms",
    source: "user",
    status: "pending",
    awaits: "approval",
    path: join(t.home.skills, "forms"),
    files: ["SKILL.md", "scripts/fill.sh"],
    approved: null,
    installed_from: source,
    replaced: null,
  });
  expect(await t.client.call("skills.install", { source, accept: true })).toMatchObject({
    status: "active",
    awaits: null,
    sha256: installed.sha256,
    approved: { sha256: installed.sha256, approved_by: "owner" },
    replaced: { source },
  });
  expect(readdirSync(t.home.skills)).toEqual(["forms"]);
});

test("skills.install tells that it took the place of a skill that its owner had put down", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  writeSkill(t.home.skills, "forms", { text: "Mine." });
  const source = writeSkill(elsewhere.path, "forms", { text: "Theirs." });
  expect(await t.client.call("skills.install", { source })).toMatchObject({
    status: "pending",
    replaced: { source: null },
  });
});

test.each([
  ["", "invalid_params"],
  ["forms", "invalid_params"],
  ["./forms", "invalid_params"],
  ["http://example.com/forms.zip", "invalid_params"],
  ["https://user:secret@example.com/forms.zip", "forbidden"],
  ["/nowhere/forms", "not_found"],
  ["/etc/hostname", "plugin_error"],
])("skills.install refuses %j", async (source, reason) => {
  await using t = await testApp();
  expect(await refusalOf(t.client.call("skills.install", { source }))).toStartWith(`${reason}: `);
  expect((await t.client.call("skills.list", {})).skills).toEqual([]);
});

test("skills.install refuses several at once, a path that leaves them, none at all, a faulty one and links, and leaves nothing", async () => {
  await using t = await testApp();
  await using elsewhere = await testFolder();
  const several = join(elsewhere.path, "several");
  for (const name of ["forms", "notes"]) writeSkill(several, name);
  const faulty = writeSkill(join(elsewhere.path, "one"), "faulty", { frontmatter: "name: faulty" });
  const linked = writeSkill(join(elsewhere.path, "two"), "linked");
  symlinkSync("/etc/passwd", join(linked, "notes.md"));
  const install = (source: string, path?: string) =>
    refusalOf(t.client.call("skills.install", { source, accept: true, ...(path === undefined ? {} : { path }) }));
  expect(await install(several)).toBe("plugin_error: There are several skills in it");
  expect(await install(several, "../one/faulty")).toBe(`plugin_error: The path "../one/faulty" leads elsewhere`);
  expect(await install(several, "missing")).toBe("not_found: The folder is not in what was to be installed");
  expect(await install(join(several, "forms", "SKILL.md"))).toStartWith("plugin_error: ");
  expect(await install(faulty)).toStartWith("plugin_error: SKILL.md:1");
  expect(await install(linked)).toStartWith("plugin_error: ");
  expect(existsSync(t.home.skills) ? readdirSync(t.home.skills) : []).toEqual([]);
});
