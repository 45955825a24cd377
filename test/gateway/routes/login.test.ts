import { describe, expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { type Frame, openFrames, request } from "../../support/frames.ts";
import { logIn } from "../../support/panel-login.ts";
import { rawHttp } from "../../support/raw-http.ts";

/** What becomes of a socket that shows this key and this cookie. */
async function tryConnect(url: string, key: string, cookie?: string): Promise<unknown> {
  using socket = await openFrames(url, cookie === undefined ? {} : { headers: { cookie } });
  const { result, error } = (await socket.ask(request("connect", { auth: { session_token: key } }, 1))) as Frame;
  return result ? "connected" : error!.data.reason;
}

const post = (url: string, body: string, type: string, more: Record<string, string> = {}) =>
  fetch(`${url}/auth/login`, { method: "POST", headers: { "content-type": type, ...more }, body, redirect: "manual" });

describe("POST /auth/login", () => {
  test("gives the page a key and the browser a cookie, which open a connection together and not alone", async () => {
    await using app = await testApp();
    const answer = await post(app.url, JSON.stringify({ token: app.token }), "application/json");
    const { session_token, expires_at, ...rest } = (await answer.json()) as {
      session_token: string;
      expires_at: number;
    };
    expect([answer.status, answer.headers.get("cache-control"), rest]).toEqual([200, "no-store", {}]);
    expect(session_token).toMatch(/^aleph_ses_[\w-]{43}$/);
    const days = (expires_at - Date.now()) / 86_400_000;
    expect(days > 29.9 && days <= 30).toBe(true);
    const cookie = answer.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^aleph_session=aleph_web_[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    const pair = cookie.split(";", 1)[0]!;
    expect(await tryConnect(app.url, session_token, pair)).toBe("connected");
    expect(await tryConnect(app.url, session_token)).toBe("auth_failed");
    expect(await tryConnect(app.url, session_token, "aleph_session=aleph_web_wrong")).toBe("auth_failed");
    const value = pair.slice(pair.indexOf("=") + 1);
    expect(await tryConnect(app.url, value, pair)).toBe("auth_failed");
    expect(await tryConnect(app.url, session_token, `aleph_session=${session_token}`)).toBe("auth_failed");
  });

  test("a cookie that another site of this machine collected is worth nothing alone", async () => {
    await using app = await testApp();
    const { cookie } = await logIn(app.url, app.token);
    using socket = await openFrames(app.url, { headers: { cookie } });
    expect(await socket.ask(request("auth.whoami", {}, 1))).toMatchObject({
      error: { data: { reason: "unauthenticated" } },
    });
    expect(await socket.ask(request("connect", {}, 2))).toMatchObject({
      error: { data: { reason: "unauthenticated" } },
    });
    const { host } = new URL(app.url);
    const headers = [`Host: ${host}`, `Cookie: ${cookie}`, "X-Forwarded-For: 203.0.113.1"];
    expect((await rawHttp(app.url, { path: "/metrics", headers })).status).toBe(401);
  });

  test("of one login the key opens nothing with the cookie of another", async () => {
    await using app = await testApp();
    const [one, two] = [await logIn(app.url, app.token), await logIn(app.url, app.token)];
    expect(await tryConnect(app.url, one.key, two.cookie)).toBe("auth_failed");
    expect(await tryConnect(app.url, one.key, one.cookie)).toBe("connected");
    expect(await tryConnect(app.url, two.key, two.cookie)).toBe("connected");
  });

  test("a plain form gets the cookie and goes to the panel", async () => {
    await using app = await testApp();
    const form = new URLSearchParams({ token: ` ${app.token} ` }).toString();
    const answer = await post(app.url, form, "application/x-www-form-urlencoded; charset=UTF-8", { origin: app.url });
    expect([answer.status, answer.headers.get("location"), await answer.text()]).toEqual([303, "/", ""]);
    expect(answer.headers.get("set-cookie")).toContain("aleph_session=aleph_web_");
  });

  test("ends the login whose cookie came along, and what was opened with it", async () => {
    await using app = await testApp();
    const first = await logIn(app.url, app.token);
    using socket = await openFrames(app.url, { headers: { cookie: first.cookie } });
    await socket.ask(request("connect", { auth: { session_token: first.key } }, 1));
    const second = await logIn(app.url, app.token, first.cookie);
    expect(await socket.closed).toEqual({ code: 4401, reason: "credential revoked" });
    expect(second.cookie).not.toBe(first.cookie);
    expect(await tryConnect(app.url, first.key, first.cookie)).toBe("auth_failed");
    expect(await tryConnect(app.url, second.key, second.cookie)).toBe("connected");
  });

  test("a cookie that someone planted becomes no login", async () => {
    await using app = await testApp();
    const planted = "aleph_session=aleph_web_planted";
    const login = await logIn(app.url, app.token, planted);
    expect(login.cookie).not.toBe(planted);
    expect(await tryConnect(app.url, login.key, planted)).toBe("auth_failed");
  });

  test("behind a proxy that ends TLS the cookie is for TLS alone", async () => {
    await using app = await testApp({ config: { gateway: { allowed_origins: ["https://panel.example"] } } });
    const answer = await post(app.url, JSON.stringify({ token: app.token }), "application/json", {
      origin: "https://panel.example",
    });
    const cookie = answer.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^__Host-aleph_session=[^;]+; .*Secure/);
    const { session_token } = (await answer.json()) as { session_token: string };
    expect(await tryConnect(app.url, session_token, cookie.split(";", 1)[0]!)).toBe("connected");
  });

  test.each([
    ["no body", "", "application/json", 400, "invalid_request"],
    ["no JSON", "{", "application/json", 400, "invalid_request"],
    ["no object", "[]", "application/json", 400, "invalid_params"],
    ["null", "null", "application/json", 400, "invalid_params"],
    ["no token", "{}", "application/json", 400, "invalid_params"],
    ["a token that is no text", '{"token":5}', "application/json", 400, "invalid_params"],
    ["an empty token", '{"token":"  "}', "application/json", 400, "invalid_params"],
    ["a form without token", "a=1", "application/x-www-form-urlencoded", 400, "invalid_params"],
    ["a wrong token", '{"token":"wrong"}', "application/json", 401, "auth_failed"],
    ["a form with a wrong token", "token=wrong", "application/x-www-form-urlencoded", 401, "auth_failed"],
    ["text that is JSON", '{"token":"x"}', "text/plain", 400, "invalid_request"],
    ["a multipart form", "token=x", "multipart/form-data; boundary=x", 400, "invalid_request"],
    [
      "more than a login has",
      JSON.stringify({ token: "x".repeat(5000) }),
      "application/json",
      413,
      "payload_too_large",
    ],
  ])("%s is refused, without a cookie", async (_, body, type, status, reason) => {
    await using app = await testApp();
    const answer = await post(app.url, body, type);
    expect([
      answer.status,
      answer.headers.get("set-cookie"),
      ((await answer.json()) as { error: { reason: string } }).error.reason,
    ]).toEqual([status, null, reason] as never);
  });

  test("a token in the address is not read", async () => {
    await using app = await testApp();
    const answer = await fetch(`${app.url}/auth/login?token=${app.token}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([400, null]);
  });

  test("a thousand wrong logins with random addresses in their headers are five tries and then a wait", async () => {
    await using app = await testApp();
    const statuses = new Map<number, number>();
    for (let index = 0; index < 1000; index++) {
      const { status, headers } = await post(
        app.url,
        JSON.stringify({ token: `wrong-${index}`, user: index }),
        "application/json",
        {
          "x-forwarded-for": `203.0.113.${index % 256}`,
          "x-real-ip": `198.51.100.${index % 256}`,
          forwarded: `for=192.0.2.${index % 256}`,
        },
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    // A second may pass on a busy machine, which allows one more.
    expect(statuses.get(401)).toBeLessThanOrEqual(8);
    expect(statuses.get(429)).toBeGreaterThanOrEqual(992);
    const right = await post(app.url, JSON.stringify({ token: app.token }), "application/json");
    expect([right.status, right.headers.get("set-cookie")]).toEqual([429, null]);
  });
});
