/** Every route and the WebSocket, asked from every kind of page under every kind of name: only the listed pairs get past. */
import { describe, expect, test } from "bun:test";
import { routes } from "../../src/gateway/routes/index.ts";
import { testApp } from "../support/app.ts";
import { rawHttp, UPGRADE } from "../support/raw-http.ts";
import { until } from "../support/until.ts";

/** A path that the pattern of a route matches. */
const SAMPLES: Readonly<Record<string, string>> = {
  "/:file{[\\w.-]+-[a-z0-9]{8}\\.(?:js|css|svg)}": "/main-abcdefgh.js",
};

const doors = [
  ...Object.keys(routes).map((name) => {
    const [method, path] = name.split(" ") as [string, string];
    return {
      name,
      method: method === "ALL" ? "POST" : method,
      path: SAMPLES[path] ?? path,
      headers: [] as readonly string[],
    };
  }),
  { name: "WebSocket", method: "GET", path: "/ws", headers: UPGRADE },
  { name: "nothing", method: "GET", path: "/nothing", headers: [] as readonly string[] },
];

const HOSTS = (port: string) => [
  `127.0.0.1:${port}`,
  `localhost:${port}`,
  `[::1]:${port}`,
  `evil.example:${port}`,
  `127.0.0.1.evil.example:${port}`,
  `127.0.0.1:${port}\r\nHost: evil.example`,
];

const ORIGINS = (port: string) => [
  undefined,
  "null",
  `http://127.0.0.1:${port}`,
  `http://localhost:${port}`,
  `http://[::1]:${port}`,
  `https://127.0.0.1:${port}`,
  `http://127.0.0.1:${Number(port) + 1}`,
  "http://localhost:3000",
  "http://evil.example",
  `https://127.0.0.1:${port}.evil.example`,
  `http://127.0.0.1.:${port}`,
  `HTTP://127.0.0.1:${port}`,
];

describe("Origin × Host × route", () => {
  test("only the page's own origin, or none, under a known name gets past, at every door", async () => {
    await using app = await testApp();
    const { port } = new URL(app.url);
    const known = HOSTS(port).slice(0, 3);
    const listed = [
      ...known.map((host) => [host, undefined] as const),
      ...known.map((host) => [host, `http://${host}`] as const),
    ];
    const body = JSON.stringify({ token: app.token });
    for (const { name, method, path, headers } of doors) {
      const past: unknown[] = [];
      for (const host of HOSTS(port)) {
        for (const origin of ORIGINS(port)) {
          const lines = [`Host: ${host}`, ...(origin === undefined ? [] : [`Origin: ${origin}`]), ...headers];
          const isPost = method === "POST";
          const answer = await rawHttp(app.url, {
            method,
            path,
            headers: [...lines, ...(isPost ? ["Content-Type: application/json"] : [])],
            ...(isPost ? { body } : {}),
          });
          if (answer.status !== 403) {
            past.push([host, origin]);
          } else {
            expect(JSON.parse(answer.body)).toMatchObject({ error: { reason: "forbidden" } });
            expect([answer.headers.get("set-cookie"), answer.headers.get("access-control-allow-origin")]).toEqual([
              null,
              null,
            ]);
          }
        }
      }
      // The one file that is for the pages of others.
      const anyPage = known.flatMap((host) => ORIGINS(port).map((origin) => [host, origin] as const));
      const wanted = name === "GET /widget.js" ? anyPage : listed;
      expect({ name, past: past.toSorted() }).toEqual({ name, past: wanted.map((pair) => [...pair]).toSorted() });
    }
  }, 60_000);

  test("a preflight is refused wherever it comes from, and nothing ever allows another origin", async () => {
    await using app = await testApp();
    const { host } = new URL(app.url);
    for (const origin of ["http://evil.example", `http://${host}`]) {
      for (const { path } of doors) {
        const answer = await rawHttp(app.url, {
          method: "OPTIONS",
          path,
          headers: [`Host: ${host}`, `Origin: ${origin}`, "Access-Control-Request-Method: POST"],
        });
        expect([401, 403, 404, 405, 426]).toContain(answer.status);
        expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    }
  });

  test("what the config adds holds at once after a reload, and is gone at once when it is taken back", async () => {
    await using app = await testApp({ toml: "" });
    const ask = async (host: string, origin?: string) =>
      (
        await rawHttp(app.url, {
          path: "/health",
          headers: [`Host: ${host}`, ...(origin ? [`Origin: ${origin}`] : [])],
        })
      ).status;
    const all = async () => [
      await ask("panel.example"),
      await ask("panel.example", "https://panel.example"),
      await ask("panel.example", "https://evil.example"),
      await ask("evil.example", "https://panel.example"),
    ];
    expect(await all()).toEqual([403, 403, 403, 403]);
    await app.client.call("config.patch", {
      patch: { gateway: { allowed_hosts: ["panel.example"], allowed_origins: ["https://panel.example"] } },
    });
    await until(async () => (await ask("panel.example")) === 200);
    expect(await all()).toEqual([200, 200, 403, 403]);
    await app.client.call("config.patch", { patch: { gateway: null } });
    await until(async () => (await ask("panel.example")) === 403);
    expect(await all()).toEqual([403, 403, 403, 403]);
  });
});
