import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { openClaw } from "../../support/foreign-sessions.ts";

test("backup while the server runs, and restore into another home, gives the same conversations", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  mkdirSync(home);
  writeFileSync(join(folder.path, "claw.jsonl"), openClaw());
  await runCli(["import", join(folder.path, "claw.jsonl")], { home });
  await using server = startCli(["serve", "--port", "0"], { home });
  await server.waitFor("Aleph is ready");
  const made = await runCli(["backup", folder.path, "--credentials", "--json"], { home });
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const { file, credentials } = JSON.parse(made.stdout) as { file: string; credentials: boolean };
  expect([statSync(file).mode & 0o777, credentials]).toEqual([0o600, true]);
  expect(file).toMatch(/\/aleph-\d{8}-\d{6}\.tar\.gz$/);

  const busy = await runCli(["restore", file, "--yes"], { home });
  expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining("Another Aleph (pid ")]);
  const other = join(folder.path, "other");
  mkdirSync(other);
  const restored = await runCli(["restore", file], { home: other });
  expect(restored).toMatchObject({ code: 0, stdout: "" });
  expect(restored.stderr).toContain(`${other} is as it was at `);
  const list = async (path: string) => (await runCli(["sessions", "list", "--json"], { home: path })).stdout;
  expect(JSON.parse(await list(other))).toEqual(JSON.parse(await list(home)));
  const token = (path: string) => readFileSync(join(path, "credentials/token"), "utf8");
  expect(token(other)).toBe(token(home));
}, 90_000);

test("backup and restore say what is not in the file, and where the old home is", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  mkdirSync(home);
  const none = await runCli(["backup", join(folder.path, "b.tar.gz")], { home });
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining(`There is nothing to back up in ${home}`)]);
  await runCli(["sessions", "list"], { home });
  const file = join(folder.path, "b.tar.gz");
  const made = await runCli(["backup", file], { home });
  expect(made.stderr).toMatch(
    /^Written to .+b\.tar\.gz: \d+ files?, .+\nThe owner's token and keys are not in it; see --credentials\n$/,
  );
  const again = await runCli(["backup", file], { home });
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
  expect(await runCli(["backup", "none/b.tar.gz"], { home })).toEqual({
    code: 2,
    stdout: "",
    stderr: `Error: There is no folder "${home}/none"\nMake it first, or name another place\n`,
  });
  const restored = await runCli(["restore", file], { home });
  expect(restored.code).toBe(0);
  expect(restored.stderr).toContain("The backup has no credentials: those of this home stay");
  const [aside] = readdirSync(home).filter((name) => name.startsWith("before-restore-"));
  expect(restored.stderr).toContain(join(home, aside!));
}, 60_000);

test("backup makes the folder that is not there yet, and names one that is missing or a file", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  mkdirSync(home);
  await runCli(["sessions", "list"], { home });
  const backups = join(folder.path, "backups");
  const made = await runCli(["backup", backups, "--json"], { home });
  expect((JSON.parse(made.stdout) as { file: string }).file).toMatch(/\/backups\/aleph-\d{8}-\d{6}\.tar\.gz$/);
  expect(statSync(backups).mode & 0o777).toBe(0o700);
  const inside = await runCli(["backup", `${backups}/more/`, "--json"], { home });
  expect((JSON.parse(inside.stdout) as { file: string }).file).toStartWith(`${backups}/more/aleph-`);
  for (const missing of [
    join(folder.path, "none"),
    join(backups, readdirSync(backups).find((name) => name.endsWith(".gz"))!),
  ]) {
    const refused = await runCli(["backup", join(missing, "b.tar.gz")], { home });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`There is no folder "${missing}"\n`)]);
  }
}, 60_000);
