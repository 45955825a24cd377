import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("config.reload reads the file again at once", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "warn"\n' });
  const call = checked(app.client);
  expect(await call("config.reload", {})).toEqual({ changed: [] });
  writeFileSync(app.home.config, '[log]\nlevel = "error"\n');
  expect(await call("config.reload", {})).toEqual({ changed: ["log"] });
  expect((await call("config.get", {})).config).toMatchObject({ log: { level: "error" } });
});

test("config.reload tells what is wrong with the file, with its line, and the old one stays", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "warn"\n' });
  const call = checked(app.client);
  writeFileSync(app.home.config, '\n[log]\nlevel = "loud"\n');
  expect(await refusal(() => call("config.reload", {}))).toMatchObject({
    reason: "config_invalid",
    data: { issues: [{ path: "log.level", line: 3 }] },
  });
  expect((await call("config.get", {})).config).toMatchObject({ log: { level: "warn" } });
});
