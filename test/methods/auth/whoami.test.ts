import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("auth.whoami tells who the caller is and what it may do", async () => {
  await using app = await testApp();
  expect(await checked(app.client)("auth.whoami", {})).toEqual({
    identity: { id: "owner", kind: "owner" },
    role: "operator",
    scopes: ["read", "chat", "write", "approve", "admin"],
  });
  expect(await refusal(() => app.client.call("auth.whoami", { for: "someone" } as never))).toMatchObject({
    reason: "invalid_params",
  });
});
