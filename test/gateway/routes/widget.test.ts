import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { rawHttp } from "../../support/raw-http.ts";

test("GET /widget.js is for every page, and says what a browser may do with it", async () => {
  await using app = await testApp();
  const { host } = new URL(app.url);
  const ask = (method: string, ...headers: string[]) =>
    rawHttp(app.url, { method, path: "/widget.js", headers: [`Host: ${host}`, ...headers] });
  const page = ["Origin: https://shop.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"];
  const answer = await ask("GET", ...page);
  const named = (name: string) => answer.headers.get(name);
  expect([answer.status, named("content-type"), named("x-content-type-options")]).toEqual([
    200,
    "text/javascript;charset=utf-8",
    "nosniff",
  ]);
  expect([named("cross-origin-resource-policy"), named("access-control-allow-origin"), named("set-cookie")]).toEqual([
    "cross-origin",
    "*",
    null,
  ]);
  expect([named("cache-control"), named("vary")]).toEqual(["public, max-age=600", "accept-encoding"]);
  expect(Bun.gzipSync(answer.body).byteLength).toBeLessThan(30 * 1024);
  expect((await ask("GET", ...page, `If-None-Match: ${named("etag")}`)).status).toBe(304);
  const head = await ask("HEAD", ...page);
  expect([head.status, head.body]).toEqual([200, ""]);
  expect((await ask("POST", ...page)).status).toBe(405);
});
