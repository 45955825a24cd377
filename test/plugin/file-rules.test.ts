import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FilePlaces, resolveFileRules, writablePaths } from "../../src/plugin/file-rules.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

async function setUp() {
  const root = await testFolder();
  const at = (...names: string[]) => join(root.path, ...names);
  const home = at("person", ".aleph");
  mkdirSync(join(home, "plugins", "own", "data"), { recursive: true });
  mkdirSync(join(home, "workspaces", "main"), { recursive: true });
  mkdirSync(at("person", "notes"));
  writeFileSync(at("person", "config.toml"), "");
  const places: FilePlaces = {
    folder: join(home, "plugins", "own"),
    userHome: at("person"),
    alephHome: home,
    config: at("person", "config.toml"),
    workspaces: join(home, "workspaces"),
  };
  return { at, places, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

test("resolveFileRules resolves what is in the plugin's folder, in the person's, and by its whole path", async () => {
  await using t = await setUp();
  symlinkSync("notes", t.at("person", "linked"));
  const rules = ["read:./data", "write:output/new", "read:~/notes", "write:~/linked/x", `read:${t.at("none", "yet")}`];
  expect(resolveFileRules([...rules, `write:${t.places.workspaces}/main`], t.places)).toEqual([
    { mode: "read", path: join(t.places.folder, "data"), own: "data" },
    { mode: "write", path: join(t.places.folder, "output", "new"), own: "output/new" },
    { mode: "read", path: t.at("person", "notes") },
    { mode: "write", path: t.at("person", "notes", "x") },
    { mode: "read", path: t.at("none", "yet") },
    { mode: "write", path: join(t.places.workspaces, "main") },
  ]);
});

test.each([
  "read:/",
  "read:~",
  "read:~/",
  "read:~/.aleph",
  "read:~/.aleph/aleph.db",
  "read:~/.aleph/aleph.db-wal",
  "read:~/.aleph/credentials/token",
  "write:~/.aleph/plugins",
  "write:~/.aleph/plugins/other",
  "read:~/.aleph/run/approved",
  "read:~/.aleph/not-there",
  "read:~/config.toml",
  "read:~/notes/../.aleph/credentials",
  "read:~/to-home/credentials",
  "read:~/notes/to-config",
  "read:/proc",
  "read:/proc/1/environ",
  "read:/proc/self/root",
  "write:/dev",
  "read:/sys/kernel",
])("resolveFileRules refuses %s, which is Aleph's own or the system's", async (rule) => {
  await using t = await setUp();
  symlinkSync(".aleph", t.at("person", "to-home"));
  symlinkSync("../config.toml", t.at("person", "notes", "to-config"));
  expect(await refusal(async () => resolveFileRules([rule], t.places))).toMatchObject({
    reason: "forbidden",
    message: `Permission ${JSON.stringify(rule)} would open what is Aleph's own`,
  });
});

test("resolveFileRules refuses what leaves the plugin's folder through a link", async () => {
  await using t = await setUp();
  symlinkSync(t.at("person", "notes"), join(t.places.folder, "out"));
  for (const rule of ["read:./out", "write:out/x"]) {
    expect(await refusal(async () => resolveFileRules([rule], t.places))).toMatchObject({
      reason: "forbidden",
      message: `Permission ${JSON.stringify(rule)} leads out of the plugin's folder`,
    });
  }
});

test("resolveFileRules refuses a path that cannot be followed", async () => {
  await using t = await setUp();
  symlinkSync("round", t.at("person", "round"));
  expect(await refusal(async () => resolveFileRules(["read:~/round/x"], t.places))).toMatchObject({
    reason: "plugin_error",
  });
});

test("writablePaths are those that the plugin writes in its own folder", () => {
  const rules = ["read:./data", "write:./output", "write:a/b/", "write:~/x", "write:/tmp/x", "write:."];
  expect(writablePaths(rules)).toEqual(["output", "a/b"]);
});

test("resolveFileRules lets no link that a plugin or the agent can make lead a permission elsewhere", async () => {
  await using t = await setUp();
  mkdirSync(t.at("person", ".ssh"));
  symlinkSync("notes", t.at("person", "linked"));
  symlinkSync("../.ssh", t.at("person", "notes", "made"));
  symlinkSync(t.at("person", ".ssh"), join(t.places.workspaces, "main", "made"));
  const byPlugin = (rule: string) => refusal(async () => resolveFileRules(["write:~/notes", rule], t.places));
  for (const rule of ["read:~/notes/made", "write:~/notes/made", "read:~/linked/made", "read:~/notes/made/new"])
    expect((await byPlugin(rule)).message).toBe(`Permission "${rule}" leads elsewhere by a link that others can make`);
  expect(
    await refusal(async () => resolveFileRules([`read:${t.places.workspaces}/main/made`], t.places)),
  ).toMatchObject({
    reason: "forbidden",
  });
  // Whoever may not write there has not made it.
  expect(resolveFileRules(["read:~/notes/made"], t.places)).toEqual([{ mode: "read", path: t.at("person", ".ssh") }]);
  expect(resolveFileRules(["write:~/linked", "read:~/notes/sub"], t.places)).toHaveLength(2);
});
