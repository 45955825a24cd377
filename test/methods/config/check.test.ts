import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

test("config.check tells what would change, and writes nothing", async () => {
  await using t = await testApp();
  expect(await checked(t.client)("config.check", { text: '[log]\nlevel = "error"\n' })).toEqual({
    issues: [],
    changed: ["log"],
  });
  expect(existsSync(t.home.config)).toBe(false);
});

test("config.check tells line and column where it is not TOML", async () => {
  await using t = await testApp();
  expect(await checked(t.client)("config.check", { text: "[log]\nlevel = = 1\n" })).toEqual({
    issues: [{ path: "", message: expect.stringContaining("Not valid TOML"), line: 2, column: expect.any(Number) }],
    changed: [],
  });
});

test("config.check tells the line of a key that is not known, and of a provider that cannot be", async () => {
  await using t = await testApp();
  const call = checked(t.client);
  expect(await call("config.check", { text: "[log]\nlevl = 1\n" })).toEqual({
    issues: [{ path: "log.levl", message: 'unknown key; did you mean "level"', line: 2 }],
    changed: [],
  });
  expect((await call("config.check", { text: '[providers.x]\ntype = "opnai"\n' })).issues).toMatchObject([
    { path: "providers.x.type", line: 2 },
  ]);
});
