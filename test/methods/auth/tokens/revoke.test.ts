import { expect, test } from "bun:test";
import { testApp } from "../../../support/app.ts";
import { type Frame, openFrames, request } from "../../../support/frames.ts";

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test("auth.tokens.revoke ends the token on every surface at once, and what it has open", async () => {
  await using app = await testApp();
  const { token, token_id } = await app.client.call("auth.tokens.create", { name: "phone", scopes: ["read", "chat"] });
  using socket = await openFrames(app.url, { token });
  const { result } = (await socket.ask(request("auth.whoami", {}, 1))) as Frame;
  expect(result).toEqual({ identity: { id: token_id, kind: "owner" }, role: "operator", scopes: ["read", "chat"] });
  expect((await fetch(`${app.url}/v1/models`, bearer(token))).status).toBe(200);
  using other = await openFrames(app.url);
  const hello = (await other.ask(request("connect", { auth: { token } }, 1))) as { result: { session_token: string } };
  const listed = await app.client.call("auth.tokens.list", {});
  expect(listed.tokens).toMatchObject([{ token_id, name: "phone", scopes: ["read", "chat"], created_by: "owner" }]);
  expect(JSON.stringify(listed)).not.toContain(token);

  await app.client.call("auth.tokens.revoke", { token_id });
  expect(await socket.closed).toMatchObject({ code: 4401 });
  expect(await other.closed).toMatchObject({ code: 4401 });
  for (const path of ["/v1/models", "/mcp", "/metrics"]) {
    expect((await fetch(app.url + path, bearer(token))).status).toBe(401);
  }
  for (const auth of [{ token }, { session_token: hello.result.session_token }]) {
    using late = await openFrames(app.url);
    expect(await late.ask(request("connect", { auth }, 1))).toMatchObject({
      error: { data: { reason: "auth_failed" } },
    });
  }
  expect(await app.client.call("auth.tokens.revoke", { token_id }).catch((error) => error.reason)).toBe("not_found");
});
