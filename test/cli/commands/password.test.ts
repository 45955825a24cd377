import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { testApp } from "../../support/app.ts";
import { openScreen, runCli } from "../../support/cli.ts";
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

test("password set at a terminal shows nothing of what is typed, and wants it twice the same", async () => {
  await using app = await testApp();
  const home = app.home.path;
  for (const [second, said] of [
    ["another horse battery", "The two are not the same"],
    ["correct horse battery", "The password is set"],
  ] as const) {
    await using screen = openScreen(["password", "set"], { home });
    await screen.shows("New password:");
    screen.type("correct horse battery\r");
    await screen.shows("Once more:");
    screen.type(`${second}\r`);
    await screen.shows(said);
    expect(await screen.exited).toBe(said === "The password is set" ? 0 : 2);
    expect(screen.raw).not.toContain("horse");
  }
}, 60_000);
