import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { testApp } from "../../../support/app.ts";
import { openFrames, request } from "../../../support/frames.ts";

test("auth.tokens.create gives no scope that the caller has not, also when connect asks for more", async () => {
  await using app = await testApp();
  const { token } = await app.client.call("auth.tokens.create", { name: "half", scopes: ["read", "admin"] });
  using socket = await openFrames(app.url);
  const scopes = ["read", "chat", "write", "approve", "admin"];
  expect(await socket.ask(request("connect", { auth: { token }, scopes, role: "operator" }, 1))).toMatchObject({
    result: { scopes: ["read", "admin"] },
  });
  const wider = request("auth.tokens.create", { name: "wide", scopes: ["read", "approve"] }, 2);
  expect(await socket.ask(wider)).toMatchObject({ error: { data: { reason: "forbidden", scopes: ["approve"] } } });
});

test("auth.tokens.create keeps only the hash", async () => {
  await using app = await testApp();
  const { token } = await app.client.call("auth.tokens.create", { name: "x", scopes: ["read"] });
  for (const file of [app.home.database, `${app.home.database}-wal`]) {
    expect(readFileSync(file).includes(token)).toBe(false);
  }
});

test("auth.tokens.create with an end: the socket that it opened does not outlive it", async () => {
  let now = Date.now();
  await using app = await testApp({ now: () => now });
  const { token } = await app.client.call("auth.tokens.create", { name: "x", scopes: ["read"], expires_in_ms: 60_000 });
  using socket = await openFrames(app.url, { token });
  now += 60_000;
  socket.send(JSON.stringify(request("rpc.ping", {}, 1)));
  expect(await socket.closed).toEqual({ code: 4401, reason: "credential expired" });
  using late = await openFrames(app.url);
  expect(await late.ask(request("connect", { auth: { token } }, 1))).toMatchObject({
    error: { data: { reason: "auth_failed" } },
  });
});
