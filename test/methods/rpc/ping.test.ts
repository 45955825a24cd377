import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("rpc.ping answers at once with the server's time", async () => {
  await using app = await testApp({ now: () => 1_234_567 });
  expect(await checked(app.client)("rpc.ping", {})).toEqual({ pong: true, ts: 1_234_567 });
  expect(await refusal(() => app.client.call("rpc.ping", { loud: true } as never))).toMatchObject({
    reason: "invalid_params",
  });
});
