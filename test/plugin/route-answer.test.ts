import { expect, test } from "bun:test";
import { toResponse } from "../../src/plugin/route-answer.ts";
import { refusal } from "../support/config.ts";

async function shown(answer: unknown) {
  const dropped: string[] = [];
  const response = toResponse(answer, (header) => dropped.push(header));
  const {
    "content-security-policy": csp,
    "x-content-type-options": sniff,
    ...headers
  } = Object.fromEntries(response.headers);
  expect([csp?.includes("sandbox"), csp?.includes("default-src 'none'"), sniff]).toEqual([true, true, "nosniff"]);
  return { status: response.status, headers, body: await response.text(), dropped };
}

test("toResponse makes a response of what a handler returns", async () => {
  const plain = { "cache-control": "no-store" };
  expect(await shown(undefined)).toEqual({ status: 204, headers: {}, body: "", dropped: [] });
  expect(await shown({ body: "hi" })).toEqual({
    status: 200,
    headers: { ...plain, "content-type": "text/plain; charset=utf-8" },
    body: "hi",
    dropped: [],
  });
  expect(await shown({ status: 201, body: { ok: true } })).toMatchObject({
    status: 201,
    headers: { "content-type": "application/json" },
    body: '{"ok":true}',
  });
  expect(await shown({ body: "aGk=", encoding: "base64" })).toMatchObject({
    headers: { "content-type": "application/octet-stream" },
    body: "hi",
  });
  expect(await shown({ status: 304, headers: { etag: '"1"' }, body: "left out" })).toMatchObject({
    status: 304,
    headers: { etag: '"1"' },
    body: "",
  });
});

test("toResponse lets a page do nothing in the name of the panel, whatever headers the plugin gives", async () => {
  const headers = {
    "Content-Type": "text/html",
    "X-Build": "7",
    "Content-Security-Policy": "default-src *",
    "X-Content-Type-Options": "off",
    "Set-Cookie": "aleph_session=stolen",
    "Clear-Site-Data": "*",
    "Service-Worker-Allowed": "/",
    "Access-Control-Allow-Origin": "*",
    "WWW-Authenticate": "Basic",
    "Transfer-Encoding": "chunked",
    Connection: "close",
    "Content-Length": "7",
    "X-Frame-Options": "ALLOWALL",
    "X-Accel-Redirect": "/etc/passwd",
    "X-Sendfile": "/etc/passwd",
    Refresh: "0; url=//evil",
    "Strict-Transport-Security": "max-age=1",
  };
  const { headers: sent, dropped } = await shown({ headers, body: "<script>alert(1)</script>" });
  expect(sent).toEqual({ "content-type": "text/html", "x-build": "7", "cache-control": "no-store" });
  expect(dropped).toHaveLength(Object.keys(headers).length - 2);
});

test.each<[unknown, string]>([
  ["hi", "it is no object"],
  [["hi"], "it is no object"],
  [{ status: 101 }, "its status is not one from 200 to 599"],
  [{ status: 600 }, "its status is not one from 200 to 599"],
  [{ status: "200" }, "its status is not one from 200 to 599"],
  [{ headers: [] }, "its headers are no object"],
  [{ headers: { "x-a": "1\r\nset-cookie: a=b" } }, "a header is not valid"],
  [{ headers: { "x a": "1" } }, "a header is not valid"],
  [{ headers: { "x-a": 1 } }, "a header is not valid"],
  [
    { headers: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`x-${n}`, ""])) },
    "it has more than 64 headers",
  ],
  [{ body: "hi", encoding: "hex" }, 'its encoding is not "utf8" or "base64"'],
  [{ body: "%%", encoding: "base64" }, "its body is not base64"],
  [{ body: "a", encoding: "base64" }, "its body is not base64"],
  [{ body: ["aGk="], encoding: "base64" }, "its body is not base64"],
])("toResponse refuses %#", async (answer, why) => {
  expect(await refusal(() => toResponse(answer, () => undefined))).toMatchObject({
    reason: "plugin_error",
    message: `The plugin's answer is not valid: ${why}`,
  });
});
