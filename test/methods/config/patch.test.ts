import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { collectEvents, testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("config.patch changes what it names, in the file and in force, and says so", async () => {
  await using app = await testApp({ toml: '# mine\n[log]\nlevel = "warn" # quiet\n' });
  const { until } = await collectEvents(app.client, "config.*");
  const call = checked(app.client);
  expect(await call("config.patch", { patch: { log: { level: "error" }, limits: { run: { steps: 7 } } } })).toEqual({
    changed: ["limits", "log"],
  });
  await until(({ topic }) => topic === "config.changed");
  expect((await call("config.get", {})).config).toMatchObject({
    log: { level: "error" },
    limits: { run: { steps: 7 } },
  });
  expect(readFileSync(app.home.config, "utf8")).toContain('# mine\n[log]\nlevel = "error" # quiet\n');
  expect(await call("config.patch", { patch: { limits: null } })).toEqual({ changed: ["limits"] });
  expect((await call("config.get", {})).config).toMatchObject({ limits: { run: { steps: 50 } } });
});

test("config.patch refuses what would not be valid, and changes nothing", async () => {
  await using app = await testApp({ toml: '[log]\nlevel = "warn"\n' });
  const call = checked(app.client);
  expect(
    await refusal(() => call("config.patch", { patch: { log: { level: "loud" }, gateway: { prot: 1 } } })),
  ).toMatchObject({
    reason: "config_invalid",
    data: {
      issues: [
        { path: "gateway.prot", message: 'unknown key; did you mean "port"' },
        { path: "log.level", message: 'must be one of "debug", "info", "warn", "error"' },
      ].toSorted(() => 0),
    },
  });
  expect(readFileSync(app.home.config, "utf8")).toBe('[log]\nlevel = "warn"\n');
  expect(await refusal(() => call("config.patch", { patch: [] as never }))).toMatchObject({ reason: "invalid_params" });
});
