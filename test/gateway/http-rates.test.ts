/** Limits on HTTP requests and new sockets, by a clock that the test holds. */
import { expect, test } from "bun:test";
import { defineRoute } from "../../src/sdk/route.ts";
import { openFrames } from "../support/frames.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";

const routes = {
  "GET /open": defineRoute({ auth: "public", handle: () => new Response("open") }),
  "GET /shut": defineRoute({ auth: "token", handle: () => new Response("shut") }),
  "GET /early": defineRoute({ auth: "public", early: true, handle: () => new Response("early") }),
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function statuses(url: string, times: number, init: RequestInit = {}): Promise<number[]> {
  const got: number[] = [];
  for (let i = 0; i < times; i++) got.push((await fetch(url, init)).status);
  return got;
}

test("HTTP requests are limited per identity, and per address where nobody has proved who they are", async () => {
  const clock = { now: 0 };
  await using g = await testGateway({ routes, httpRate: 2, monotonic: () => clock.now });
  expect(await statuses(`${g.url}/open`, 3)).toEqual([200, 200, 429]);
  const refused = await fetch(`${g.url}/open`);
  expect([refused.headers.get("retry-after"), await refused.json()]).toEqual([
    "1",
    {
      error: {
        message: "More than 2 HTTP requests a second",
        reason: "rate_limited",
        data: { reason: "rate_limited", retry_after_ms: 500, hint: "[limits.rate].http in config.toml sets the limit" },
      },
    },
  ]);
  expect(await statuses(`${g.url}/shut`, 3, { headers: bearer(TOKEN) })).toEqual([200, 200, 429]);
  const { token } = await g.auth.tokens.create({
    name: "other",
    scopes: ["read"],
    expiresInMs: undefined,
    by: { id: "owner", scopes: ["read"] },
  });
  expect(await statuses(`${g.url}/shut`, 3, { headers: bearer(token) })).toEqual([200, 200, 429]);
  expect(await statuses(`${g.url}/early`, 5)).toEqual(Array(5).fill(200));
  clock.now += 500;
  expect(await statuses(`${g.url}/open`, 2)).toEqual([200, 429]);
});

test("new sockets are limited per address", async () => {
  const clock = { now: 0 };
  await using g = await testGateway({ httpRate: 3, monotonic: () => clock.now });
  for (let i = 0; i < 3; i++) (await openFrames(g.url))[Symbol.dispose]();
  expect(openFrames(g.url)).rejects.toThrow("No connection");
  clock.now += 1_000;
  (await openFrames(g.url))[Symbol.dispose]();
});

test("wrong tokens lock an address out at every door together", async () => {
  const clock = { now: 0 };
  await using g = await testGateway({ routes, monotonic: () => clock.now });
  expect(await statuses(`${g.url}/shut`, 6, { headers: bearer("wrong") })).toEqual([401, 401, 401, 401, 401, 429]);
  expect(await statuses(`${g.url}/shut`, 1, { headers: bearer(TOKEN) })).toEqual([429]);
  using socket = await openFrames(g.url);
  const connect = { jsonrpc: "2.0", id: 1, method: "connect", params: { auth: { token: TOKEN } } };
  expect(await socket.ask(connect)).toMatchObject({ error: { data: { reason: "rate_limited" } } });
  clock.now += 1_000;
  expect(await statuses(`${g.url}/shut`, 1, { headers: bearer(TOKEN) })).toEqual([200]);
});
