import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";

test("interface.start starts one that the config leaves off, once", async () => {
  await using t = await testApp({ config: { interfaces: { webchat: { enabled: false } } } });
  const started = await t.client.call("interface.start", { interface: "webchat" });
  expect(started).toMatchObject({ interface: "webchat", enabled: false, state: "running", error: null });
  expect(await t.client.call("interface.start", { interface: "webchat" })).toEqual(started);
});

test("interface.start refuses an interface that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("interface.start", { interface: "fax" })).rejects.toMatchObject({ reason: "not_found" });
});
