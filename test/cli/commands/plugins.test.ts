import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { openScreen, runCli } from "../../support/cli.ts";
import { type TestFolder, testFolder } from "../../support/folder.ts";
import { manifestOf, writePlugin } from "../../support/plugins.ts";

/** A home, a folder to work in, and the command line there. */
async function desk() {
  await using stack = new AsyncDisposableStack();
  const home = stack.use<TestFolder>(await testFolder()).path;
  const work = stack.use<TestFolder>(await testFolder()).path;
  const owned = stack.move();
  return {
    home,
    work,
    run: (...args: string[]) => runCli(["plugins", ...args], { home, cwd: work }),
    screen: (...args: string[]) => openScreen(["plugins", ...args], { home, cwd: work }),
    installed: async () => (await readdir(join(home, "plugins")).catch(() => [])).sort(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const ASKS = manifestOf({ id: "style" }).replace("[prompt]", '[permissions]\nenv = ["KEY"]\n\n[prompt]');

test("plugins init makes a plugin that validate finds nothing wrong with and pack packs", async () => {
  await using d = await desk();
  for (const kind of ["nodejs", "wasm", "static"]) {
    const made = await d.run("init", `my-${kind}`, "--kind", kind);
    expect([made.code, made.stdout, made.stderr.split("\n")[1]]).toEqual([
      0,
      "",
      `Try it: aleph plugins install my-${kind}`,
    ]);
    const { code, stdout, stderr } = await d.run("validate", `my-${kind}`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`my-${kind} 0.1.0 ${kind}, from aleph_plugin.toml\n`);
    expect(stdout).toMatch(/\nok {2}sha256 [0-9a-f]{64}\n$/);
  }
  const first = await d.run("pack", "my-nodejs");
  expect(first.stdout).toMatch(/^[0-9a-f]{64} {2}my-nodejs-0\.1\.0\.tgz\n$/);
  const again = await d.run("pack", "my-nodejs", "--output", "other.tgz", "--json");
  const packed = JSON.parse(again.stdout);
  expect(packed).toMatchObject({ file: join(d.work, "other.tgz"), sha256: first.stdout.slice(0, 64) });
  const sum = new Bun.CryptoHasher("sha256").update(await Bun.file(join(d.work, "other.tgz")).bytes()).digest("hex");
  expect(sum).toBe(packed.sha256);
  // None of it needs a home.
  expect(await readdir(d.home)).toEqual([]);
});

test.each([
  [["init", "Big Name"], '"Big Name" cannot be the id of a plugin', 2],
  [["init", "there"], '"there" exists already', 2],
  [["validate", "nowhere"], 'There is no folder "nowhere"', 2],
  [["validate", "file"], '"file" is not a folder', 2],
  [["validate", "there"], 'File "aleph_plugin.toml" does not exist', 1],
  [["pack", "broken"], 'Plugin "broken" cannot work: File "SKILL.md" does not exist', 1],
  [["pack", "style", "--include", "nowhere"], 'There is no "nowhere" to include', 1],
  [["pack", "linked"], 'File "link" is a link, which a plugin may not have', 1],
  [["dev", "style", "maybe"], '"maybe" is neither on nor off', 2],
  [["get", "nobody"], 'No plugin "nobody"', 1],
  [["uninstall", "nobody"], 'No plugin "nobody"', 1],
  [["install", "nowhere"], "is not there", 1],
  [["install", "there"], 'There is no "aleph_plugin.toml" in it', 1],
  [["install", "http://example.com/x.tgz"], '"http://example.com" is not an https URL', 2],
  [["install", "git@example.com:a/b.git"], "would need your SSH key", 2],
  [["logs", "style"], "No server is running", 69],
  [["run", "style", "ping"], 'No plugin "style"', 1],
] satisfies [string[], string, number][])("plugins %p fails and says why", async (args, said, code) => {
  await using d = await desk();
  await Bun.write(join(d.work, "there/other"), "");
  await Bun.write(join(d.work, "file"), "");
  await writePlugin(d.work, "broken", { id: "broken" });
  await writePlugin(d.work, "style", { prompt: "Use tabs." });
  await writePlugin(d.work, "linked", { prompt: "Use tabs." });
  await symlink("SKILL.md", join(d.work, "linked/link"));
  const result = await d.run(...args);
  expect([result.code, result.stdout]).toEqual([code, ""]);
  expect(result.stderr).toStartWith("Error: ");
  expect(result.stderr.split("\n")[0]).toContain(said);
});

test("plugins validate prints all that is wrong, for people and for programs", async () => {
  await using d = await desk();
  await writePlugin(d.work, "broken", { id: "broken" });
  const shown = await d.run("validate", "broken");
  expect([shown.code, shown.stdout]).toEqual([
    1,
    'broken 1.0.0 static, from aleph_plugin.toml\n  • Tells the model something in every run\nerror  File "SKILL.md" does not exist\n',
  ]);
  const { code, stdout } = await d.run("validate", "broken", "--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([
    1,
    { ok: false, id: "broken", findings: [{ level: "error", message: 'File "SKILL.md" does not exist' }] },
  ]);
});

test("plugins install without a terminal shows what is asked for and lets it wait, and approve wants --yes", async () => {
  await using d = await desk();
  await writePlugin(d.work, "style", { manifest: ASKS, prompt: "Use tabs." });
  const installed = await d.run("install", "style");
  expect([installed.code, installed.stdout]).toEqual([0, ""]);
  expect(installed.stderr).toContain(
    "The style 1.0.0: For tests\n  • Gets the value of the variable KEY\n  • Tells the model something in every run\n  sha256 ",
  );
  expect(installed.stderr).toEndWith("\nInstalled style 1.0.0; it waits for approval: aleph plugins approve style\n");
  const list = await d.run();
  expect(list.stdout).toMatch(/^PLUGIN +VERSION +KIND +STATUS .*\n(?:.*\n)*style +1\.0\.0 +static +pending +user /);
  expect(list.stderr).toContain("style waits for your approval: aleph plugins approve style\n");
  const refused = await d.run("approve", "style");
  expect([refused.code, refused.stderr.includes("Add --yes to approve what is shown")]).toEqual([2, true]);
  expect((await d.run("approve", "style", "--yes")).stderr).toBe("Approved style 1.0.0\n");
  const shown = JSON.parse((await d.run("get", "style", "--json")).stdout);
  expect(shown).toMatchObject({ id: "style", status: "running", installed_from: join(d.work, "style") });
  const facts = (await d.run("get", "style")).stdout;
  expect(facts).toContain(`from      ${join(d.work, "style")}\n`);
  expect((await d.run("disable", "style")).stderr).toBe("Switched off: style\n");
  expect((await d.run("enable", "style")).stderr).toBe("Switched on: style\n");
  expect((await d.run("reload", "style")).stderr).toBe("Reloaded: style\n");
  expect((await d.run("dev", "style", "on")).stderr).toBe("style is in development\n");
  expect((await d.run("uninstall", "style")).stderr).toBe("Removed style\n");
  expect(await d.installed()).toEqual([]);
  expect((await d.run()).stdout).not.toContain("\nstyle ");
});

test("plugins install --yes agrees beforehand, and says what it takes the place of", async () => {
  await using d = await desk();
  const path = await writePlugin(d.work, "style", { manifest: ASKS, prompt: "Use tabs." });
  expect((await d.run("install", "./style", "--yes")).stderr).toEndWith("\nInstalled style 1.0.0\n");
  await d.run("pack", "style");
  const { code, stdout } = await d.run("install", "style-1.0.0.tgz", "--yes", "--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { id: "style", status: "running", replaced: { version: "1.0.0", source: path } },
  ]);
  const back = await d.run("install", "style", "--yes");
  expect(back.stderr).toContain(
    `It takes the place of version 1.0.0, which came from ${join(d.work, "style-1.0.0.tgz")}\n`,
  );
});

test("plugins install asks at a terminal, and no is no", async () => {
  await using d = await desk();
  await writePlugin(d.work, "style", { manifest: ASKS, prompt: "Use tabs." });
  await using no = d.screen("install", "style");
  await no.shows("• Gets the value of the variable KEY");
  await no.shows("Let style do this? [y/N]");
  no.type("\r");
  await no.shows("It stays off. Later: aleph plugins approve style");
  expect(await no.exited).toBe(1);
  await using yes = d.screen("approve", "style");
  await yes.shows("Let style do this? [y/N]");
  yes.type("y\r");
  await yes.shows("Approved style 1.0.0");
  expect(await yes.exited).toBe(0);
  await using remove = d.screen("uninstall", "style");
  await remove.shows("with all that is in it? [y/N]");
  remove.type("n\r");
  await remove.shows("Nothing was removed");
  expect([await remove.exited, await d.installed()]).toEqual([1, ["style"]]);
});

test("plugins enable shows what a plugin that came with Aleph asks for, asks at a terminal, and says where it is configured", async () => {
  await using d = await desk();
  const shown = await d.run("enable", "slack");
  expect(shown.stderr).toMatch(/Slack [\d.]+ by Aleph: .*\n {2}• May connect to slack\.com over https\n/);
  expect(shown.stderr).toEndWith("\nSwitched on: slack\nslack waits for your approval: aleph plugins approve slack\n");
  await using no = d.screen("enable", "llama-cpp");
  await no.shows("Let llama-cpp do this? [y/N]");
  no.type("n\r");
  await no.shows("It stays off. Later: aleph plugins approve llama-cpp, or aleph plugins disable llama-cpp");
  expect(await no.exited).toBe(1);
  const hint = `It brings messages when the config has [interfaces.slack]; how, says ${d.home}/run/bundled/slack/README.md\n`;
  expect((await d.run("enable", "slack", "--yes")).stderr).toBe(`Switched on: slack\n${hint}`);
  expect((await d.run("enable", "slack")).stderr).toBe(`Switched on: slack\n${hint}`);
  expect(JSON.parse((await d.run("enable", "llama-cpp", "--yes", "--json")).stdout)).toMatchObject({
    status: "loaded",
  });
  expect(JSON.parse((await d.run("enable", "github-webhook", "--json")).stdout)).toMatchObject({ status: "pending" });
});

test("plugins trust says which folder is trusted, and list which is not", async () => {
  await using d = await desk();
  await writePlugin(join(d.work, "plugins"), "style", { prompt: "Use tabs." });
  expect((await d.run()).stderr).toContain(
    `Not looked at: ${join(d.work, "plugins")}. If you trust it: aleph plugins trust `,
  );
  expect((await d.run("trust", "plugins")).stderr).toBe(`Trusted: ${join(d.work, "plugins")}\n`);
  expect((await d.run()).stdout).toContain("\nstyle ");
  expect((await d.run("trust", "plugins", "--remove")).stderr).toBe(
    `Not trusted any more: ${join(d.work, "plugins")}\n`,
  );
  expect((await d.run()).stdout).not.toContain("\nstyle ");
});

test("plugins run calls a command of a plugin in TypeScript", async () => {
  await using d = await desk();
  await d.run("init", "weather");
  const { stderr } = await d.run("install", "weather", "--yes");
  expect(stderr).toContain("Has no network, no files of yours and no variables");
  const { code, stdout } = await d.run("run", "weather", "/ping");
  expect([code, stdout]).toEqual([0, "pong\n"]);
  expect(existsSync(join(d.home, "plugins/weather/src/index.ts"))).toBe(true);
});
