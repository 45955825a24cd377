import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.stop stops one until it is started again", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const stopped = await t.client.call("interface.stop", { interface: "webchat" });
  expect(stopped).toMatchObject({ interface: "webchat", enabled: true, state: "stopped", error: null });
  expect(await t.client.call("interface.stop", { interface: "webchat" })).toEqual(stopped);
  expect(await t.client.call("interface.start", { interface: "webchat" })).toMatchObject({ state: "running" });
});

test("interface.stop refuses an interface that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("interface.stop", { interface: "fax" })).rejects.toMatchObject({ reason: "not_found" });
});
