import { describe, expect, test } from "bun:test";
import { panelAnswer } from "../../src/gateway/panel-answer.ts";

const BODY = "x".repeat(5000);
const file = (text: string, immutable: boolean) => ({
  bytes: new TextEncoder().encode(text).buffer as ArrayBuffer,
  type: "text/javascript;charset=utf-8",
  etag: '"abc"',
  immutable,
});
const needs = {
  panel: async () =>
    new Map([
      ["/", file("page", false)],
      ["/a-12345678.js", file(BODY, true)],
    ]),
};
const ask = (path: string, headers: Record<string, string> = {}) =>
  panelAnswer(needs, new Request(`http://localhost${path}`, { headers }));

describe("panelAnswer", () => {
  test("lets a browser keep for ever what has a hash in its name", async () => {
    const answer = await ask("/a-12345678.js");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-type")).toBe("text/javascript;charset=utf-8");
    expect(await answer.text()).toBe(BODY);
  });

  test("has a page asked for again each time, and answers that it is the same", async () => {
    const first = await ask("/");
    expect([first.status, first.headers.get("cache-control"), first.headers.get("etag")]).toEqual([
      200,
      "no-cache",
      '"abc"',
    ]);
    for (const etag of ['"abc"', 'W/"abc"', '"x", "abc"']) {
      const again = await ask("/", { "if-none-match": etag });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    expect((await ask("/", { "if-none-match": '"other"' })).status).toBe(200);
  });

  test("compresses for those who take it, where it is worth it", async () => {
    const packed = await ask("/a-12345678.js", { "accept-encoding": "br, gzip" });
    expect([packed.headers.get("content-encoding"), packed.headers.get("vary")]).toEqual(["gzip", "accept-encoding"]);
    expect(new TextDecoder().decode(Bun.gunzipSync(await packed.arrayBuffer()))).toBe(BODY);
    expect((await ask("/", { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBeNull();
    expect((await ask("/a-12345678.js", { "accept-encoding": "gzip;q=0" })).headers.get("content-encoding")).toBeNull();
  });

  test.each(["/b-12345678.js", "/../a-12345678.js/x", "/__proto__"])("refuses %s", async (path) => {
    expect(ask(path)).rejects.toMatchObject({ reason: "not_found" });
  });
});
