/** Commands after events: really started, really confined. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/schema.ts";
import { conversation } from "../support/conversation.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

type Hook = NonNullable<ConfigInput["hooks"]>[number];

async function hooked(...hooks: Hook[]) {
  const app = await conversation({ config: { hooks } });
  return {
    ...app,
    path: (name: string) => join(app.home.workspaces, "main", name),
    counts: async () => (await app.client.call("webhooks.list", {})).hooks,
    create: (name: string) => app.client.call("session.create", { session_key: `agent:main:chat:${name}` }),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

test("a hook gets the event on its standard input, in the agent's workspace", async () => {
  await using app = await hooked({ event: "agent.completed", command: "cat > event.json" });
  app.fake.reply("Hello!");
  const { run_id } = await app.client.call("session.send", { message: "hi" });
  await until(async () => (await app.counts())[0]!.runs === 1, 30_000);
  const event = JSON.parse(readFileSync(app.path("event.json"), "utf8"));
  expect(event).toMatchObject({ topic: "agent.completed", data: { run_id, text: "Hello!" } });
  expect(await app.counts()).toMatchObject([{ runs: 1, failed: 0, dropped: 0, error: null }]);
});

test("a hook that fails, takes too long or may never run is logged, and harms nothing", async () => {
  await using app = await hooked(
    { event: "session.created", command: "echo what-went-wrong >&2; exit 3" },
    { event: "session.created", command: "sleep 30", timeout_ms: 300 },
    { event: "session.created", command: "rm -rf /" },
  );
  await app.create("a");
  await until(async () => (await app.counts()).every(({ runs }) => runs === 1), 30_000);
  expect((await app.counts()).map(({ failed, error }) => [failed, error])).toEqual([
    [1, "ended with 3"],
    [1, "took longer than 300 ms"],
    [1, expect.stringContaining("Policy refuses it")],
  ]);
  expect(JSON.stringify(app.logs)).toContain("what-went-wrong");
});

test("a hook is confined: no other file of the owner's, no network", async () => {
  await using app = await hooked({
    event: "session.created",
    command: `cat "${import.meta.path}" > stolen.txt 2>/dev/null; touch ran`,
  });
  await app.create("a");
  await until(() => existsSync(app.path("ran")), 30_000);
  expect(readFileSync(app.path("stolen.txt"), "utf8")).toBe("");
});

test("a hook runs one at a time, and a storm of events does not pile up", async () => {
  await using app = await hooked({
    event: "session.created",
    command: "sleep 0.3; echo x >> runs",
  });
  for (let at = 0; at < 40; at++) await app.create(`s${at}`);
  const { dropped } = (await app.counts())[0]!;
  expect(dropped).toBeGreaterThan(0);
  await until(async () => {
    const { runs } = (await app.counts())[0]!;
    return runs + dropped === 40;
  });
  expect(readFileSync(app.path("runs"), "utf8").trim().split("\n").length).toBe(40 - dropped);
}, 90_000);
