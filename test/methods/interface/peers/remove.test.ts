import { expect, test } from "bun:test";
import { testApp } from "../../../support/app.ts";
import { refusal } from "../../../support/config.ts";

test("interface.peers.remove says when nobody of that name was let in", async () => {
  await using app = await testApp();
  expect(await app.client.call("interface.peers.list", {})).toEqual({ peers: [] });
  expect(
    await refusal(() => app.client.call("interface.peers.remove", { interface: "telegram", peer: "1" })),
  ).toMatchObject({
    reason: "not_found",
    message: 'Nobody called "1" was let in on "telegram"',
  });
});
