import { expect, test } from "bun:test";
import { authConnect } from "../../../src/methods/auth/connect.ts";
import { testApp } from "../../support/app.ts";
import { openFrames, request } from "../../support/frames.ts";
import { checked } from "../../support/method.ts";

test("auth.connect tells who the caller is, what it may do and what the server can", async () => {
  await using app = await testApp();
  using socket = await openFrames(app.url);
  const params = {
    client: { id: "test", version: "1.0", platform: "linux" },
    role: "operator",
    auth: { token: app.token },
    nonce: "ignored",
  };
  const { result } = (await socket.ask(request("auth.connect", params, 1))) as { result: Record<string, unknown> };
  expect(authConnect.result.parse(result)).toEqual(result as never);
  expect(result).toMatchObject({
    protocol: 1,
    identity: { id: "owner", kind: "owner" },
    role: "operator",
    scopes: ["read", "chat", "write", "approve", "admin"],
  });
});

test("auth.connect again on an open connection needs no credentials and gives no new ones", async () => {
  await using app = await testApp();
  const hello = await checked(app.client)("auth.connect", {});
  expect(hello).not.toHaveProperty("session_token");
  expect(hello.identity).toEqual({ id: "owner", kind: "owner" });
});

test("auth.connect refuses credentials of a shape that there is not", async () => {
  await using app = await testApp();
  using socket = await openFrames(app.url);
  for (const auth of [{}, { token: 5 }, { password: "x" }, { token: "x", session_token: "y" }, "token", []]) {
    expect(await socket.ask(request("connect", { auth }, 1))).toMatchObject({
      error: { code: -32602, data: { reason: "invalid_params" } },
    });
  }
});
