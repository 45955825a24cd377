import { expect, test } from "bun:test";
import { testApp } from "../../../support/app.ts";
import { openFrames, request } from "../../../support/frames.ts";
import { inviteGuest } from "../../../support/guest.ts";
import { logIn } from "../../../support/panel-login.ts";

test("auth.logins.endAll ends the panel's logins and session tokens of the caller, and nobody else's", async () => {
  await using app = await testApp();
  const { key, cookie } = await logIn(app.url, app.token);
  using page = await openFrames(app.url, { headers: { cookie } });
  await page.ask(request("connect", { auth: { session_token: key } }, 1));
  using guest = await inviteGuest(app);
  const { token } = await app.client.call("auth.tokens.create", { name: "other", scopes: ["read"] });
  using other = await openFrames(app.url);
  const hello = await other.ask(request("connect", { auth: { token } }, 1));
  const { session_token } = (hello as { result: { session_token: string } }).result;

  const { ended } = await app.client.call("auth.logins.endAll", {});
  expect(ended).toBeGreaterThanOrEqual(2);
  expect(await page.closed).toEqual({ code: 4401, reason: "credential revoked" });
  using late = await openFrames(app.url, { headers: { cookie } });
  expect(await late.ask(request("connect", { auth: { session_token: key } }, 1))).toMatchObject({
    error: { data: { reason: "auth_failed" } },
  });
  expect(await guest.reason("rpc.ping")).toBeUndefined();
  using again = await openFrames(app.url);
  expect(await again.ask(request("connect", { auth: { session_token } }, 1))).toHaveProperty("result");
  // What came in with the token itself is no login.
  expect(await app.client.call("rpc.ping", {})).toMatchObject({ pong: true });
});

test("auth.logins.endAll answers whoever ends what it speaks over", async () => {
  await using app = await testApp();
  const { key, cookie } = await logIn(app.url, app.token);
  using page = await openFrames(app.url, { headers: { cookie } });
  await page.ask(request("connect", { auth: { session_token: key } }, 1));
  expect(await page.ask(request("auth.logins.endAll", {}, 2))).toMatchObject({ result: { ended: expect.any(Number) } });
  expect((await page.closed).code).toBe(4401);
});
