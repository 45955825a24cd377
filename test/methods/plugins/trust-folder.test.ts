import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { testFolder } from "../../support/folder.ts";

test("plugins.trustFolder trusts a folder, and takes that back", async () => {
  await using t = await testApp();
  await using folder = await testFolder();
  const call = (trusted?: boolean) =>
    t.client.call("plugins.trustFolder", { folder: folder.path, ...(trusted === undefined ? {} : { trusted }) });
  expect(await call()).toEqual({ folder: folder.path, trusted: true });
  expect(await call(false)).toEqual({ folder: folder.path, trusted: false });
});

test("plugins.trustFolder refuses a folder that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("plugins.trustFolder", { folder: "/none" })).rejects.toMatchObject({
    reason: "not_found",
  });
});
