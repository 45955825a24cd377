import { expect, test } from "bun:test";
import type { Result } from "../../src/client/client.ts";
import { UnnamedSessions } from "../../src/completion/unnamed-sessions.ts";
import { createLog } from "../../src/lib/log.ts";
import { conversation } from "../support/conversation.ts";
import { until } from "../support/until.ts";

function collected(options: { readonly keptMs?: number; readonly most?: number; readonly fails?: boolean } = {}) {
  const ended: string[] = [];
  const logged: unknown[] = [];
  const log = createLog({ write: (line) => void logged.push(line), level: () => "error" });
  const sessions = new UnnamedSessions({
    ...options,
    log,
    monotonic: () => performance.now(),
    async end(key) {
      ended.push(key);
      if (options.fails) throw new Error("no disk");
    },
  });
  return { sessions, ended, logged };
}

test("UnnamedSessions ends each some time after its answer, without another request", async () => {
  const { sessions, ended } = collected({ keptMs: 50 });
  using _sessions = sessions;
  sessions.add("a");
  sessions.add("b");
  expect(ended).toEqual([]);
  await until(() => ended.length === 2);
  expect(ended).toEqual(["a", "b"]);
});

test("UnnamedSessions keeps so many at most, and the newest", () => {
  const { sessions, ended } = collected({ most: 2 });
  using _sessions = sessions;
  for (const key of ["a", "b", "c", "d"]) sessions.add(key);
  expect(ended).toEqual(["a", "b"]);
});

test("UnnamedSessions goes on when one cannot be ended, and says so", async () => {
  const { sessions, ended, logged } = collected({ most: 0, fails: true });
  using _sessions = sessions;
  sessions.add("a");
  sessions.add("b");
  await until(() => logged.length === 2);
  expect(ended).toEqual(["a", "b"]);
  expect(JSON.stringify(logged[0])).toContain("the session of a request could not be ended");
});

test("requests to an agent without a session leave a thousand of them at most, and those that have a name stay", async () => {
  await using app = await conversation({ config: { limits: { rate: { run: 0 } } } });
  app.fake.answer(() => ["Done"]);
  const headers = { authorization: `Bearer ${app.token}`, "content-type": "application/json" };
  const body = JSON.stringify({ model: "aleph", messages: [{ role: "user", content: "hi" }] });
  const ask = async (more = {}) => {
    const answer = await fetch(`${app.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...headers, ...more },
      body,
    });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  await ask({ "x-aleph-session-key": "agent:main:chat:kept" });
  for (let round = 0; round < 101; round++) await Promise.all(Array.from({ length: 10 }, () => ask()));
  const count = async () => {
    let [found, before]: [number, string | undefined] = [0, undefined];
    do {
      const page: Result<"session.list"> = await app.client.call("session.list", {
        ...(before ? { before } : {}),
        limit: 100,
      });
      found += page.sessions.length;
      before = page.next;
    } while (before !== undefined);
    return found;
  };
  await until(async () => (await count()) === 1001);
  expect(await app.client.call("session.get", { session_key: "agent:main:chat:kept" })).toMatchObject({
    message_count: 2,
  });
}, 60_000);
