import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testApp } from "../../support/app.ts";
import { writeSkill } from "../../support/skills.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("skills.get shows the whole text, of a skill that waits and of one that is faulty too", async () => {
  await using t = await testApp();
  writeSkill(t.home.skills, "forms", { text: "Fill them in." });
  writeSkill(t.home.skills, "bad", { frontmatter: "name: worse\ndescription: x" });
  expect(await t.client.call("skills.get", { name: "forms" })).toMatchObject({
    status: "active",
    text: "---\nname: forms\ndescription: How to do forms\n---\n\nFill them in.\n",
  });
  const bad = await t.client.call("skills.get", { name: "bad" });
  expect([bad.status, bad.description, bad.sha256, bad.error?.reason]).toEqual(["error", null, null, "plugin_error"]);
  expect(bad.text).toStartWith("---\nname: worse\n");
});

test("skills.get gives no text where SKILL.md cannot be read, and the skill's error says why", async () => {
  await using t = await testApp();
  const folder = writeSkill(t.home.skills, "forms");
  writeFileSync(join(folder, "SKILL.md"), new Uint8Array([0x2d, 0x2d, 0xff, 0xfe]));
  const { text, error } = await t.client.call("skills.get", { name: "forms" });
  expect([text, error?.reason]).toEqual([null, "plugin_error"]);
});

test("skills.get refuses a name that there is none of and names the nearest", async () => {
  await using t = await testApp();
  writeSkill(t.home.skills, "forms");
  const refused = await t.client.call("skills.get", { name: "form" }).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(AlephError);
  expect(refused).toMatchObject({
    reason: "not_found",
    message: 'No skill "form"',
    data: { hint: 'Did you mean "forms"?' },
  });
  for (const name of ["", "../forms", "zzzzzzzzz"]) {
    expect(await refusalOf(t.client.call("skills.get", { name }))).toBe(`not_found: No skill ${JSON.stringify(name)}`);
  }
});
