/** Secrets that a server knows, and all places where they must not turn up. */

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { openFrames, request } from "../support/frames.ts";
import { logIn } from "../support/panel-login.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const KEY = "sk-canary-0123456789abcdefghij";

test("no token, key, cookie or session leaves the server but to whom it belongs, whatever is done with it", async () => {
  await using fake = startOpenAiFake();
  fake.answer(() => ({ status: 401, message: `Incorrect API key provided: ${KEY}` }));
  await using app = await testApp({
    toml: [
      "[log]",
      'level = "debug"',
      "[providers.fake]",
      'type = "openai-compatible"',
      `base_url = "${fake.url}"`,
      `api_key = "${KEY}"`,
      'models = ["test-model"]',
      "[models]",
      'default = "fake/test-model"',
      "",
    ].join("\n"),
  });
  const { events } = await collectEvents(app.client);
  const login = await logIn(app.url, app.token);
  const secrets = [app.token, KEY, login.key, login.cookie.split("=")[1]!, app.client.hello.session_token!];
  const seen: unknown[] = [];
  const look = async (what: string, work: () => Promise<unknown>) => {
    try {
      seen.push([what, await work()]);
    } catch (thrown) {
      seen.push([what, thrown instanceof AlephError ? [thrown.message, thrown.data] : String(thrown)]);
    }
  };

  // Everything that takes a secret, in the right place and in wrong ones.
  using socket = await openFrames(app.url, { token: app.token });
  for (const secret of secrets) {
    for (const [method, params] of [
      [secret, {}],
      ["rpc.ping", { [secret]: secret }],
      ["session.get", { session_key: secret }],
      ["runs.get", { run_id: secret }],
      ["connect", { auth: { token: `${secret}x` }, client: { id: secret } }],
      ["connect", { auth: { session_token: `${secret}x` } }],
      ["events.subscribe", { pattern: secret }],
      ["models.test", { target: secret }],
    ] as const) {
      // The caller's own words may come back to the caller alone.
      await socket.ask(request(method, params, 1));
    }
    await look("path", async () => await (await fetch(`${app.url}/x?token=${secret}`)).text());
    await look("metrics", async () => await (await fetch(`${app.url}/metrics?token=${secret}`)).text());
    const headers = { authorization: `Bearer ${secret}x` };
    await look("bearer", async () => await (await fetch(`${app.url}/metrics`, { headers })).text());
  }
  await look("run", () => app.client.call("session.send", { message: "Hello" }));
  await look("models", () => app.client.call("models.test", { target: "fake" }));
  for (const method of [
    "config.get",
    "models.config",
    "models.list",
    "system.info",
    "system.status",
    "rpc.discover",
    "auth.whoami",
    "config.schema",
  ] as const) {
    await look(method, () => app.client.call(method, {}));
  }
  await look("logs", () => app.client.call("logs.tail", {}));
  await look("runs", () => app.client.call("runs.list", {}));
  await look("history", () => app.client.call("session.history", { session_key: "agent:main:main" }));
  await look("metrics", async () => await (await fetch(`${app.url}/metrics`)).text());
  expect(seen.length).toBeGreaterThan(20);

  const places: Record<string, string> = {
    answers: JSON.stringify(seen),
    events: JSON.stringify(events),
    logs: JSON.stringify(app.logs),
  };
  app.client[Symbol.dispose]();
  await app.app[Symbol.asyncDispose]();
  for (const name of readdirSync(app.home.path, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name);
    if (name.isFile() && !path.endsWith("credentials/token") && !path.endsWith("config.toml")) {
      places[path.slice(app.home.path.length)] = readFileSync(path, "latin1");
    }
  }
  expect(Object.keys(places)).toContain("/aleph.db");
  expect(places.logs).toContain("request handled");
  const leaks = Object.entries(places).flatMap(([place, text]) =>
    secrets.flatMap((secret, index) => (text.includes(secret) ? [`secret ${index} in ${place}`] : [])),
  );
  expect(leaks).toEqual([]);
});
