import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.list shows webchat running without a word in the config, and nothing else", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  expect(await t.client.call("interface.list", {})).toEqual({
    interfaces: [
      {
        interface: "webchat",
        enabled: true,
        state: "running",
        error: null,
        capabilities: { edit: false, react: false, typing: false, files: false, threads: false, buttons: false },
        limits: { message: 1_000_000 },
        refused: 0,
      },
    ],
  });
});
