import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

test("system.info tells what server this is and where it keeps things", async () => {
  await using app = await testApp();
  expect(await checked(app.client)("system.info", {})).toEqual({
    version: app.client.hello.server.version,
    bun: Bun.version,
    platform: process.platform,
    arch: process.arch,
    home: app.home.path,
    pid: process.pid,
    auth_mode: "token",
  });
});
