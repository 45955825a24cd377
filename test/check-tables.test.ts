/** Agents that tables name: those of config.toml and of files are there, others are a fault of the config. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "./support/app.ts";
import { testFolder } from "./support/folder.ts";

const toml = (agent: string) => `
[interfaces.telegram]
enabled = false
token = "1:a"
agent = "${agent}"

[heartbeat]
agents = ["main", "${agent}"]

[a2a]
agent = "${agent}"
`;

/** What is wrong with a home that has the agent `news` in a file and this config. */
async function faultsOf(text: string): Promise<readonly string[]> {
  await using home = await testFolder();
  mkdirSync(join(home.path, "agents"));
  writeFileSync(join(home.path, "agents/news.md"), "Five lines.\n");
  try {
    await using _app = await testApp({ home: home.path, toml: text });
    return [];
  } catch (thrown) {
    const { issues } = (thrown as { data: { issues: { path: string; message: string }[] } }).data;
    return issues.map(({ path, message }) => `${path}: ${message}`);
  }
}

test("an agent that is not there is refused wherever a table names one", async () => {
  expect(await faultsOf(toml("nobody"))).toEqual([
    'interfaces.telegram.agent: names agent "nobody", which has neither a table nor a file',
    'heartbeat.agents.1: names agent "nobody", which has neither a table nor a file',
    'a2a.agent: names agent "nobody", which has neither a table nor a file',
  ]);
});

test.each(["main", "news", "writer"])("agent %s may be named by every table", async (agent) => {
  expect(await faultsOf(`${toml(agent)}[agents.writer]\n`)).toEqual([]);
});
