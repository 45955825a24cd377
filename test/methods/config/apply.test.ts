import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("config.apply replaces the whole file", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "warn"\n[limits.run]\nsteps = 7\n' });
  const call = checked(app.client);
  expect(await call("config.apply", { config: { log: { level: "error" } } })).toEqual({ changed: ["limits", "log"] });
  expect((await call("config.get", {})).config).toMatchObject({
    log: { level: "error" },
    limits: { run: { steps: 50 } },
  });
  expect(readFileSync(app.home.config, "utf8")).not.toContain("steps");
});

test("config.apply refuses what is not valid, and the old one stays", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "warn"\n' });
  const call = checked(app.client);
  expect(await refusal(() => call("config.apply", { config: { log: { level: 5 } } }))).toMatchObject({
    reason: "config_invalid",
    data: { issues: [{ path: "log.level" }] },
  });
  expect(await refusal(() => call("config.apply", { config: "text" as never }))).toMatchObject({
    reason: "invalid_params",
  });
  expect((await call("config.get", {})).config).toMatchObject({ log: { level: "warn" } });
});
