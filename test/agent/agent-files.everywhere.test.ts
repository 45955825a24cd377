/** An agent of a file is as good as one of config.toml wherever an agent can be named. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";

const NEWS = "---\nmodel: demo/news\nthinking: high\n---\nFive lines.\n";

/** A server with the agent `news`, and what is in config.toml besides. */
async function withNews(toml = "") {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await testFolder());
  mkdirSync(join(path, "agents"));
  writeFileSync(join(path, "agents/news.md"), NEWS);
  const t = stack.use(await testApp({ home: path, toml }));
  const owned = stack.move();
  return { ...t, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("an agent of a file has conversations and jobs", async () => {
  await using t = await withNews();
  expect(await t.client.call("session.create", { agent: "news" })).toMatchObject({ agent: "news" });
  const job = { message: "What is new?", schedule: { every_ms: 3_600_000 }, agent: "news" };
  await t.client.call("cron.add", job);
  expect((await t.client.call("cron.list", {})).jobs).toMatchObject([{ agent: "news" }]);
});

test("an agent of a file answers /status with its own model and thinking", async () => {
  await using t = await withNews();
  const { text } = await t.client.call("session.send", { session_key: "agent:news:main", message: "/status" });
  expect(text).toContain("**Model:** `demo/news`");
  expect(text).toContain("**Thinking:** high");
});

test("an agent of a file is among the models of /v1", async () => {
  await using t = await withNews();
  const response = await fetch(`${t.url}/v1/models`, { headers: { authorization: `Bearer ${t.token}` } });
  const { data } = (await response.json()) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toContain("aleph/news");
});

test("an agent of a file may be named by a webhook and a hook", async () => {
  const webhook = '[webhooks.in.a]\ntoken = "0123456789abcdef0123456789abcdef"\nagent = "news"\n';
  const hook = '[[hooks]]\nevent = "agent.completed"\ncommand = "true"\nagent = "news"\n';
  await using t = await withNews(`${webhook}${hook}`);
  expect((await t.client.call("config.check", { text: `${webhook}${hook}` })).issues).toEqual([]);
});
