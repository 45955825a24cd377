import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.list shows webchat running without a word in the config, and the others stopped", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const { interfaces } = await t.client.call("interface.list", {});
  expect(interfaces.filter(({ state }) => state !== "stopped")).toEqual([
    {
      interface: "webchat",
      enabled: true,
      state: "running",
      error: null,
      capabilities: { edit: false, react: false, typing: false, files: false, threads: false, buttons: false },
      limits: { message: 1_000_000 },
      refused: 0,
    },
  ]);
  expect(interfaces.filter(({ enabled }) => enabled).map(({ interface: id }) => id)).toEqual(["webchat"]);
  expect(interfaces.map(({ interface: id }) => id)).toContain("telegram");
});
