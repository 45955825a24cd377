import { expect, test } from "bun:test";
import { startV1 } from "../support/v1.ts";

test("what no route of /v1 takes is refused in the shape that the dialect's clients know", async () => {
  await using v1 = await startV1();
  const { url, token } = v1.app;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const ask = async (path: string, init: RequestInit) => {
    const response = await fetch(new URL(path, url), { headers, ...init });
    return [response.status, await response.json()];
  };
  expect(await ask("/v1/chat/completions", { method: "PUT", body: "{}" })).toEqual([
    405,
    { error: expect.objectContaining({ type: "invalid_request_error", message: expect.any(String) }) },
  ]);
  expect(await ask("/v1/nothing", {})).toEqual([
    404,
    { error: expect.objectContaining({ message: "Nothing is served at this path" }) },
  ]);
  const large = JSON.stringify({ text: "x".repeat(9 * 1024 * 1024) });
  expect(await ask("/v1/chat/completions", { method: "POST", body: large })).toEqual([
    413,
    { error: expect.objectContaining({ type: "invalid_request_error" }) },
  ]);
  expect(await ask("/v1/messages", { method: "POST", body: large })).toEqual([
    413,
    expect.objectContaining({ type: "error", error: expect.objectContaining({ type: "request_too_large" }) }),
  ]);
});
