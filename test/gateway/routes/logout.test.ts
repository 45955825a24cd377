import { describe, expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { openFrames, request } from "../../support/frames.ts";
import { logIn } from "../../support/panel-login.ts";

const logOut = (url: string, cookie?: string, origin = url) =>
  fetch(`${url}/auth/logout`, { method: "POST", headers: { origin, ...(cookie === undefined ? {} : { cookie }) } });

async function connected(url: string, { key, cookie }: { key: string; cookie: string }) {
  const socket = await openFrames(url, { headers: { cookie } });
  const answer = await socket.ask(request("connect", { auth: { session_token: key } }, 1));
  return { socket, answer };
}

describe("POST /auth/logout", () => {
  test("ends the login and the sockets that used it, and no other", async () => {
    await using app = await testApp();
    const [mine, other] = [await logIn(app.url, app.token), await logIn(app.url, app.token)];
    const [first, second, third] = [
      await connected(app.url, mine),
      await connected(app.url, mine),
      await connected(app.url, other),
    ];
    const answer = await logOut(app.url, mine.cookie);
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([
      204,
      "aleph_session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Strict",
    ]);
    const closed = { code: 4401, reason: "credential revoked" };
    expect([await first.socket.closed, await second.socket.closed]).toEqual([closed, closed]);
    expect(await third.socket.ask(request("rpc.ping", {}, 2))).toMatchObject({ result: { pong: true } });
    expect(await app.client.call("rpc.ping", {})).toMatchObject({ pong: true });
    expect((await connected(app.url, mine)).answer).toMatchObject({ error: { data: { reason: "auth_failed" } } });
    third.socket[Symbol.dispose]();
  });

  test("harms nobody without a cookie, with a wrong one, or twice", async () => {
    await using app = await testApp();
    const login = await logIn(app.url, app.token);
    for (const cookie of [undefined, "aleph_session=wrong", login.cookie, login.cookie]) {
      expect((await logOut(app.url, cookie)).status).toBe(204);
    }
  });

  test("is no business of another page", async () => {
    await using app = await testApp();
    const login = await logIn(app.url, app.token);
    expect((await logOut(app.url, login.cookie, "http://localhost:3000")).status).toBe(403);
    const { socket, answer } = await connected(app.url, login);
    expect(answer).toMatchObject({ result: { protocol: 1 } });
    socket[Symbol.dispose]();
  });

  test("lasts over a restart", async () => {
    await using first = await testApp();
    const login = await logIn(first.url, first.token);
    const kept = await logIn(first.url, first.token);
    await logOut(first.url, login.cookie);
    first.client[Symbol.dispose]();
    await first.app[Symbol.asyncDispose]();
    await using second = await testApp({ home: first.home.path });
    const [gone, still] = [await connected(second.url, login), await connected(second.url, kept)];
    expect([gone.answer, still.answer]).toMatchObject([
      { error: { data: { reason: "auth_failed" } } },
      { result: { protocol: 1 } },
    ]);
    for (const { socket } of [gone, still]) socket[Symbol.dispose]();
  });
});
