import { expect, test } from "bun:test";
import { readBody, toPluginRequest } from "../../src/plugin/route-request.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { refusal } from "../support/config.ts";

const URL_TEXT = "http://127.0.0.1/plugins/acme/in?a=1&a=2&b=%C3%BC&__proto__=x";
const never = new AbortController().signal;

test("toPluginRequest hands on what was asked, without what the caller proves himself with", () => {
  const headers = { Authorization: "Bearer x", Cookie: "a=b", "Proxy-Authorization": "x", "X-Event": "push" };
  const request = new Request(URL_TEXT, { method: "POST", headers });
  expect(toPluginRequest(request, new URL(URL_TEXT), "/in", new TextEncoder().encode("\uFEFFhellö"))).toEqual({
    method: "POST",
    path: "/in",
    query: Object.fromEntries([
      ["a", "1"],
      ["b", "ü"],
      ["__proto__", "x"],
    ]),
    headers: { "x-event": "push" },
    body: "\uFEFFhellö",
    encoding: "utf8",
  });
  expect(toPluginRequest(request, new URL(URL_TEXT), "/in", new Uint8Array([0xff, 0x00]))).toMatchObject({
    body: "/wA=",
    encoding: "base64",
  });
});

const posted = (body: string | ReadableStream, headers: Record<string, string> = {}) =>
  new Request(URL_TEXT, { method: "POST", body, headers });

function streamed(
  chunks: number,
  size: number,
): { body: ReadableStream; pulled: () => number; isCancelled: () => boolean } {
  let pulled = 0;
  let cancelled = false;
  const body = new ReadableStream({
    pull(controller) {
      if (pulled++ === chunks) controller.close();
      else controller.enqueue(new Uint8Array(size));
    },
    cancel() {
      cancelled = true;
    },
  });
  return { body, pulled: () => pulled, isCancelled: () => cancelled };
}

test("readBody reads up to the limit, and stops at the first byte beyond it", async () => {
  expect((await readBody(posted(streamed(4, 25).body), 100, never)).byteLength).toBe(100);
  expect((await readBody(new Request(URL_TEXT), 0, never)).byteLength).toBe(0);
  const endless = streamed(1e9, 30);
  expect(await refusal(() => readBody(posted(endless.body), 100, never))).toMatchObject({
    reason: "payload_too_large",
    message: "A body may have 100 bytes here",
  });
  expect(endless.isCancelled()).toBe(true);
  expect(endless.pulled()).toBeLessThan(10);
});

test("readBody reads nothing of a body that says itself that it is too large", async () => {
  const body = streamed(1, 1);
  expect((await refusal(() => readBody(posted(body.body, { "content-length": "101" }), 100, never))).reason).toBe(
    "payload_too_large",
  );
});

test("readBody gives up on a body that does not come", async () => {
  const late = new AbortController();
  const read = refusal(() => readBody(posted(new ReadableStream()), 100, late.signal));
  late.abort(new AlephError("timeout", "Too late"));
  expect((await read).message).toBe("Too late");
});
