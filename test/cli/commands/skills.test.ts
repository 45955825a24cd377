import { expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { writeSkill } from "../../support/skills.ts";

test("skills are installed, shown whole, let be used, switched and removed", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  const run = (...args: string[]) => runCli(["skills", ...args], { home, cwd: folder.path });
  expect((await run()).stderr).toBe("No skills yet. Install one: aleph skills install <folder, archive, URL>\n");
  writeSkill(folder.path, "forms", { text: "Fill them in." });
  const waits = "forms waits for your approval: aleph skills activate forms\n";
  expect((await run("install", "forms")).stderr).toBe(`Installed forms: pending\n${waits}`);
  const shown = await run("get", "forms");
  expect(shown.stdout).toContain("Fill them in.");
  expect(shown.stderr).toBe(`\n${waits}`);
  const refused = await run("activate", "forms");
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("There is no terminal to ask at")]);
  expect((await run("activate", "forms", "--yes")).stderr).toBe("forms is active\n");
  appendFileSync(join(home, "skills", "forms", "SKILL.md"), "More.\n");
  expect((await run("list")).stderr).toBe(
    "forms has other files than those that were approved: aleph skills activate forms\n",
  );
  expect((await run("deactivate", "forms")).stderr).toBe("forms is inactive\n");
  expect((await run("uninstall", "forms", "--yes")).stderr).toBe("Removed forms\n");
  expect((await run("get", "forms")).code).toBe(1);
});
