/** A secret that was replaced is worth nothing at the next request, whatever door it is shown at. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { logIn } from "../support/panel-login.ts";
import { until } from "../support/until.ts";

async function socketSays(url: string, auth: object, cookie?: string): Promise<unknown> {
  using socket = await openFrames(url, cookie === undefined ? {} : { headers: { cookie } });
  const { error } = (await socket.ask(request("connect", { auth }, 1))) as Frame;
  return error?.data.reason ?? "in";
}

const asJson = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
  body: JSON.stringify(body),
});

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};

/** What is said to a token: an HTTP status, or of sockets the reason. */
const DOORS: Readonly<Record<string, (url: string, token: string) => Promise<unknown>>> = {
  socket: (url, token) => socketSays(url, { token }),
  models: (url, token) => statusOf(`${url}/v1/models`, { headers: bearer(token) }),
  key: (url, token) => statusOf(`${url}/v1/models`, { headers: { "x-api-key": token } }),
  chat: (url, token) => statusOf(`${url}/v1/chat/completions`, asJson({ model: "demo", messages: [] }, bearer(token))),
  mcp: (url, token) => statusOf(`${url}/mcp`, asJson(INITIALIZE, bearer(token))),
  a2a: (url, token) => statusOf(`${url}/a2a`, asJson({ jsonrpc: "2.0", id: 1, method: "ListTasks" }, bearer(token))),
  media: (url, token) => statusOf(`${url}/media/media_none`, { headers: bearer(token) }),
  metrics: (url, token) => statusOf(`${url}/metrics`, { headers: bearer(token) }),
  login: (url, token) => statusOf(`${url}/auth/login`, asJson({ token })),
};
const OPEN: Readonly<Record<string, unknown>> = {
  socket: "in",
  models: 200,
  key: 200,
  chat: 400,
  mcp: 200,
  a2a: 200,
  media: 400,
  metrics: 200,
  login: 200,
};

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const statusOf = async (url: string, init: RequestInit) => (await fetch(url, init)).status;

for (const [door, ask] of Object.entries(DOORS)) {
  test(`auth.tokens.rotate: ${door} refuses the owner's old token at the next request, and takes the new one`, async () => {
    await using app = await testApp({ config: { a2a: { enabled: true } } });
    expect(await ask(app.url, app.token)).toBe(OPEN[door]);
    const { token } = await app.client.call("auth.tokens.rotate", {});
    expect(await ask(app.url, app.token)).toBe(door === "socket" ? "auth_failed" : 401);
    expect(await ask(app.url, token)).toBe(OPEN[door]);
  });
}

test("auth.tokens.rotate ends what the owner's old token opened: sockets, the panel's login, session tokens", async () => {
  await using app = await testApp();
  const panel = await logIn(app.url, app.token);
  using held = await openFrames(app.url, { token: app.token });
  using page = await openFrames(app.url, { headers: { cookie: panel.cookie } });
  await page.ask(request("connect", { auth: { session_token: panel.key } }, 1));
  const { session_token } = await socketHello(app.url, app.token);
  const { token_id, token } = await app.client.call("auth.tokens.rotate", {});
  expect([token_id, token]).toEqual(["owner", expect.stringMatching(/^aleph_own_/)]);
  for (const socket of [held, page]) expect((await socket.closed).code).toBe(4401);
  expect(await socketSays(app.url, { session_token: panel.key }, panel.cookie)).toBe("auth_failed");
  expect(await socketSays(app.url, { session_token })).toBe("auth_failed");
});

async function socketHello(url: string, token: string): Promise<Record<string, unknown>> {
  using socket = await openFrames(url);
  return ((await socket.ask(request("connect", { auth: { token } }, 1))) as { result: Record<string, unknown> }).result;
}

test("auth.tokens.rotate gives a token another secret, ends what it opened, and keeps the rest", async () => {
  await using app = await testApp();
  const made = await app.client.call("auth.tokens.create", { name: "phone", scopes: ["read"] });
  using socket = await openFrames(app.url, { token: made.token });
  const { session_token } = await socketHello(app.url, made.token);
  const { token_id, token } = await app.client.call("auth.tokens.rotate", { token_id: made.token_id });
  expect((await socket.closed).code).toBe(4401);
  expect([token_id, token === made.token]).toEqual([made.token_id, false]);
  expect(await socketSays(app.url, { token })).toBe("in");
  expect(await socketSays(app.url, { session_token })).toBe("auth_failed");
  const { tokens } = await app.client.call("auth.tokens.list", {});
  expect(tokens).toMatchObject([{ token_id, name: "phone", scopes: ["read"] }]);
  expect(app.client.call("auth.tokens.rotate", { token_id: "tok_none" })).rejects.toMatchObject({
    reason: "not_found",
  });
});

test("auth.tokens.rotate is no way to more rights than one has", async () => {
  await using app = await testApp();
  const all = ["read", "chat", "write", "approve", "admin"] as const;
  const wide = await app.client.call("auth.tokens.create", { name: "wide", scopes: [...all] });
  const narrow = await app.client.call("auth.tokens.create", { name: "narrow", scopes: ["admin"] });
  using small = await openFrames(app.url, { token: narrow.token });
  expect(await small.ask(request("auth.tokens.rotate", { token_id: wide.token_id }, 1))).toMatchObject({
    error: { data: { reason: "forbidden", scopes: ["read", "chat", "write", "approve"] } },
  });
  using big = await openFrames(app.url, { token: wide.token });
  for (const socket of [small, big]) {
    expect(await socket.ask(request("auth.tokens.rotate", {}, 2))).toMatchObject({
      error: { data: { reason: "forbidden" } },
    });
  }
  expect(await socketSays(app.url, { token: app.token })).toBe("in");
});

test("the owner's token can be replaced by hand, with the same effect", async () => {
  await using app = await testApp();
  const next = `by-hand-${"x".repeat(40)}`;
  writeFileSync(join(app.home.credentials, "token"), `${next}\n`);
  const status = async () =>
    (await fetch(`${app.url}/v1/models`, { headers: { authorization: `Bearer ${next}` } })).status;
  await until(async () => (await status()) !== 401);
});

test("a session token of a device that was ended counts no more when the device is let in again", async () => {
  await using app = await testApp();
  const device = await testDevice();
  const pair = async () => (await app.client.call("auth.pairing.invite", {})).code;
  const first = await connectDevice(app.url, device, { pairingCode: await pair() });
  const { session_token } = first.answer.result!;
  await app.client.call("auth.devices.revoke", { device_id: device.id });
  expect((await first.socket.closed).code).toBe(4401);
  const again = await connectDevice(app.url, device, { pairingCode: await pair() });
  using socket = again.socket;
  expect([socket.received.length > 0, again.answer.result?.role]).toEqual([true, "operator"]);
  expect(await socketSays(app.url, { session_token })).toBe("auth_failed");
});

test("a pairing code ends with what it was made with: a device, a token, the owner's token", async () => {
  await using app = await testApp();
  const all = ["read", "chat", "write", "approve", "admin"] as const;
  const codeOf = async (socket: { ask(frame: object): Promise<unknown> }) =>
    ((await socket.ask(request("auth.pairing.invite", {}, 7))) as { result: { code: string } }).result.code;
  const bad = await testDevice();
  const { code: own } = await app.client.call("auth.pairing.invite", {});
  const device = await connectDevice(app.url, bad, { pairingCode: own, scopes: all });
  const made = await app.client.call("auth.tokens.create", { name: "script", scopes: [...all] });
  using script = await openFrames(app.url, { token: made.token });
  using owner = await openFrames(app.url, { token: app.token });
  const other = await app.client.call("auth.tokens.create", { name: "other", scopes: [...all] });
  using untouched = await openFrames(app.url, { token: other.token });
  const codes = await Promise.all([device.socket, script, owner, untouched].map(codeOf));
  await app.client.call("auth.devices.revoke", { device_id: bad.id });
  await app.client.call("auth.tokens.revoke", { token_id: made.token_id });
  await app.client.call("auth.tokens.rotate", {});
  const said: unknown[] = [];
  for (const pairingCode of codes) {
    const { answer, socket } = await connectDevice(app.url, await testDevice(), { pairingCode });
    said.push(answer.error?.data.reason ?? "in");
    socket[Symbol.dispose]();
  }
  expect(said).toEqual(["auth_failed", "auth_failed", "auth_failed", "in"]);
});
