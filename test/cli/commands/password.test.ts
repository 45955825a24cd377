import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { logIn } from "../../support/panel-login.ts";

test("password set takes it from standard input and keeps an argon2id hash for the owner alone; remove ends it", async () => {
  await using app = await testApp();
  const home = app.home.path;
  const secret = "correct horse battery";
  const set = await runCli(["password", "set"], { home, stdin: `${secret}\n` });
  expect([set.code, set.stdout, set.stderr]).toEqual([0, "", "The password is set\n"]);
  const file = join(app.home.credentials, "password");
  const kept = await readFile(file, "utf8");
  expect([kept.startsWith("$argon2id$"), kept.includes("correct"), statSync(file).mode & 0o777]).toEqual([
    true,
    false,
    0o600,
  ]);
  expect((await logIn(app.url, secret)).key).toStartWith("aleph_ses_");
  expect((await runCli(["password", "remove"], { home })).stderr).toBe("The password is removed\n");
  expect((await runCli(["password", "remove"], { home })).stderr).toBe("There was no password\n");
  expect(logIn(app.url, secret)).rejects.toThrow("401");
});

test("password set refuses one that is too short, and takes none as an argument", async () => {
  await using app = await testApp();
  const home = app.home.path;
  expect((await runCli(["password", "set"], { home, stdin: "short\n" })).stderr).toContain("10 to 1024 characters");
  expect((await runCli(["password", "set", "a-long-enough-one"], { home, stdin: "" })).code).toBe(2);
});
