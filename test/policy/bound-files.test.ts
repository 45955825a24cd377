import { expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { testCommands } from "../support/commands.ts";

async function setUp() {
  const t = await testCommands();
  await t.write("run.sh", "echo top\n");
  await mkdir(`${t.path}/app/deep`, { recursive: true });
  await t.write("app/run.sh", "echo app\n");
  await t.write("app/deep/run.sh", "echo deep\n");
  const names = async (command: string) => {
    const { plan } = await t.prepare({ command });
    return (plan.files as { path: string }[]).map(({ path }) => path.slice(t.path.length + 1));
  };
  return Object.assign(t, { names });
}

test.each([
  "cd app && sh run.sh",
  "(cd app; ./run.sh)",
  "env -C app sh run.sh",
  "pushd app > /dev/null; bash < run.sh",
  "git -C app -c core.pager=./run.sh log",
])("an approval of %j is bound to the file in the folder that it goes to", async (command) => {
  await using t = await setUp();
  expect(await t.names(command)).toContain("app/run.sh");
});

test("an approval is bound to files behind several folders, in the home folder and in a word that is a script", async () => {
  await using t = await setUp();
  expect(await t.names("cd app && cd deep && sh run.sh")).toContain("app/deep/run.sh");
  for (const command of [
    "sh ~/run.sh",
    "sh $HOME/run.sh",
    `sh "\${HOME}"/run.sh`,
    "sh $PWD/run.sh",
    "env -S 'sh run.sh'",
  ])
    expect([command, await t.names(command)]).toEqual([command, ["run.sh"]]);
});

test("an approval is bound to nothing that a line does not name", async () => {
  await using t = await setUp();
  expect(await t.names("cd app && make")).toEqual([]);
  expect(await t.names("sh run.sh")).toEqual(["run.sh"]);
});
