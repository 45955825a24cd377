/** Events that go out: over real HTTP, from a real server. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { homeAt } from "../../src/config/home.ts";
import type { ConfigInput } from "../../src/config/schema.ts";
import { verifySignature } from "../../src/webhook/signature.ts";
import { conversation } from "../support/conversation.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { SECRET, startTaker } from "../support/webhooks.ts";

setDefaultTimeout(60_000);

type Hook = NonNullable<NonNullable<ConfigInput["webhooks"]>["out"]>[string];

const out = (url: string, hook: Partial<Hook> = {}): ConfigInput => ({
  webhooks: { out: { ci: { url, events: ["agent.completed"], ...hook } } },
});

async function listed(app: Awaited<ReturnType<typeof conversation>>) {
  return (await app.client.call("webhooks.list", {})).out[0]!;
}

describe("outgoing webhooks", () => {
  test("an event goes out once, signed, and nothing goes that was not asked for", async () => {
    await using taker = startTaker();
    await using app = await conversation({ config: out(taker.url, { secret: SECRET }) });
    app.fake.reply("Hello!");
    const { run_id } = await app.client.call("session.send", { message: "hi" });
    await until(() => taker.taken.length === 1);
    const { headers, text, event } = taker.taken[0]!;
    expect(event).toMatchObject({ topic: "agent.completed", data: { run_id, text: "Hello!" } });
    expect([headers.get("aleph-event"), headers.get("aleph-delivery")]).toEqual(["agent.completed", event.id]);
    const rules = { scheme: "stripe" as const, header: "aleph-signature", tolerance_ms: 60_000 };
    const signed = { body: new TextEncoder().encode(text), headers };
    expect(verifySignature(signed, rules, [SECRET], Date.now()).ok).toBe(true);
    await until(async () => (await listed(app)).waiting === 0);
    expect(taker.topics()).toEqual(["agent.completed"]);
  });

  test("the list shows no path of an address, and no secret", async () => {
    await using taker = startTaker();
    await using app = await conversation({ config: out(taker.url, { secret: SECRET }) });
    const all = await app.client.call("webhooks.list", {});
    expect(all.out[0]).toEqual({
      name: "ci",
      enabled: true,
      url: `http://127.0.0.1:${taker.port}`,
      events: ["agent.completed"],
      signed: true,
      waiting: 0,
      dead: 0,
      dead_events: [],
    });
    expect(JSON.stringify(all)).not.toContain("canary");
  });

  test("events keep their order, and wait while the place is away", async () => {
    let isAway = true;
    await using taker = startTaker(() => new Response(null, { status: isAway ? 503 : 200 }));
    await using app = await conversation({ config: out(taker.url, { events: ["session.created"] }) });
    for (const name of ["a", "b", "c"])
      await app.client.call("session.create", { session_key: `agent:main:chat:${name}` });
    await until(() => taker.taken.length > 0);
    isAway = false;
    const keys = () => taker.taken.map(({ event }) => event.data.session_key);
    await until(() => keys().includes("agent:main:chat:c"), 30_000);
    const ids = taker.taken.map(({ event }) => event.id);
    expect([...new Set(keys())]).toEqual(["a", "b", "c"].map((name) => `agent:main:chat:${name}`));
    // Each attempt of the first had the same id.
    expect(new Set(ids).size).toBe(3);
  });

  test("what a place refuses is given up, can be seen, and is tried again when somebody says so", async () => {
    let status = 404;
    await using taker = startTaker(() => new Response(null, { status }));
    await using app = await conversation({ config: out(taker.url, { events: ["session.created"] }) });
    await app.client.call("session.create", { session_key: "agent:main:chat:a" });
    const dead = await until(async () => (await listed(app)).dead_events[0]);
    expect(dead).toMatchObject({ topic: "session.created", attempts: 1, error: "it answers with status 404" });
    status = 200;
    expect(await app.client.call("webhooks.retry", { name: "ci" })).toEqual({ name: "ci", retried: 1 });
    await until(() => taker.taken.length === 2);
    await until(async () => (await listed(app)).dead + (await listed(app)).waiting === 0);
    expect(taker.taken[1]!.event.id).toBe(dead.delivery);
  });

  test("a redirect is not followed: another address would be one that the config does not name", async () => {
    await using inner = startTaker();
    await using taker = startTaker(() => Response.redirect(inner.url, 307));
    await using app = await conversation({ config: out(taker.url) });
    expect(await app.client.call("webhooks.test", { name: "ci" })).toMatchObject({ ok: false });
    expect([taker.topics(), inner.taken]).toEqual([["webhook.test"], []]);
  });

  test("nothing of an ephemeral session goes out, and no chunk of a stream", async () => {
    await using taker = startTaker();
    await using app = await conversation({ config: out(taker.url, { events: ["**"] }) });
    app.fake.reply("Private", "Kept");
    await app.client.call("session.send", { message: "canary-private", session_key: "agent:main:ephemeral:x" });
    await app.client.call("session.send", { message: "kept" });
    await until(() => taker.topics().includes("agent.completed"), 30_000);
    expect(JSON.stringify(taker.taken)).not.toContain("ephemeral");
    expect(taker.topics()).not.toContain("stream.chunk");
  });

  test("what was not taken goes out after a restart", async () => {
    await using folder = await testFolder();
    let status = 503;
    await using taker = startTaker(() => new Response(null, { status }));
    const config = out(taker.url, { events: ["session.created"] });
    {
      await using app = await conversation({ home: homeAt(folder.path).path, config });
      await app.client.call("session.create", { session_key: "agent:main:chat:a" });
      await until(() => taker.taken.length > 0);
    }
    status = 200;
    const before = taker.taken.length;
    await using app = await conversation({ home: folder.path, config });
    await until(() => taker.taken.length > before, 30_000);
    expect(new Set(taker.taken.map(({ event }) => event.id)).size).toBe(1);
    await until(async () => (await listed(app)).waiting === 0);
  });

  test("where events go, and what they run, cannot be changed over RPC", async () => {
    await using app = await conversation();
    for (const patch of [
      { webhooks: { out: { evil: { url: "https://evil.example", events: ["**"] } } } },
      { hooks: [{ event: "agent.completed", command: "touch pwned" }] },
    ]) {
      await expect(app.client.call("config.patch", { patch })).rejects.toMatchObject({
        reason: "config_invalid",
        data: { issues: [{ message: "can only be changed by hand, in config.toml itself" }] },
      });
    }
  });
});

test("webhooks.preview shows what a payload would say, and starts nothing", async () => {
  const hook = { token: "a-token-of-its-own", message: "{{$event}}: {{title}}", event_field: "kind" };
  await using app = await conversation({ config: { webhooks: { in: { x: hook } } } });
  const shown = await app.client.call("webhooks.preview", { name: "x", payload: { title: "Hi", kind: "note" } });
  expect(shown).toEqual({ event: "note", message: "note: Hi" });
  expect((await app.client.call("runs.list", {})).runs).toEqual([]);
  const missing = { reason: "not_found" };
  await expect(app.client.call("webhooks.preview", { name: "nobody", payload: {} })).rejects.toMatchObject(missing);
  await expect(app.client.call("webhooks.test", { name: "nobody" })).rejects.toMatchObject(missing);
  await expect(app.client.call("webhooks.retry", { name: "nobody" })).rejects.toMatchObject(missing);
});
