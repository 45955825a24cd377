import { expect, test } from "bun:test";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { createProcessHost, type HostOptions, pickVariables } from "../../src/plugin/process-host.ts";
import type { NetworkDoor } from "../../src/sdk/runtime.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { BARE_MANIFEST } from "../support/plugins.ts";

async function setUp(filesystem: readonly string[], kind = "nodejs") {
  const root = await testFolder();
  const at = (...names: string[]) => join(root.path, ...names);
  for (const folder of ["home/run", "home/workspaces", "plugin/data", "copy/data", "person"]) {
    mkdirSync(at(folder), { recursive: true });
  }
  const denied: unknown[] = [];
  const rules: unknown[] = [];
  const door: NetworkDoor = { fetch: () => Promise.reject(), connect: () => Promise.reject() };
  const { log } = testLog();
  const extensions = structuredClone(DEFAULTS.extensions);
  const options: HostOptions = {
    run: at("home", "run"),
    places: {
      userHome: at("person"),
      alephHome: at("home"),
      config: at("home/config.toml"),
      workspaces: at("home/workspaces"),
    },
    config: () => ({ extensions }),
    env: { A: "1", EMPTY: "", SECRET: "s" },
    async network(network, onDenied) {
      rules.push(network);
      onDenied("https://evil.example");
      return door;
    },
  };
  const permissions = { network: ["connect:https://a"], filesystem, env: ["A", "EMPTY", "NONE"] };
  const make = () =>
    createProcessHost(
      options,
      { manifest: { ...BARE_MANIFEST, id: "p", kind, permissions }, home: at("plugin"), folder: at("copy"), log },
      { notify() {}, denied: (...what) => denied.push(what) },
    );
  return { at, make, door, denied, rules, extensions, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}

test("createProcessHost gives what the manifest names and nothing else", async () => {
  await using t = await setUp(["read:./data", "read:./none", "write:./output", "read:~/notes", "write:~/none"]);
  mkdirSync(t.at("person", "notes"));
  t.extensions.runtimes.nodejs = { ...t.extensions.runtimes.nodejs, memory_limit: "1GB", timeout_ms: 5 };
  const { log: _, notify, denied, ...host } = await t.make();
  expect([typeof notify, typeof denied]).toEqual(["function", "function"]);
  expect(host).toEqual({
    folder: t.at("copy"),
    privateFolder: t.at("home", "run", "plugins", "p"),
    // Its own data from the copy that was approved; what it writes stays with the plugin.
    read: [t.at("copy", "data"), t.at("person", "notes")],
    write: [t.at("plugin", "output")],
    env: { A: "1", EMPTY: "" },
    mayRunUnsandboxed: false,
    limits: { memoryBytes: 1024 ** 3, timeoutMs: 5, maxAnswer: 8 * 1024 * 1024 },
    network: t.door,
  });
  expect([existsSync(t.at("plugin", "output")), existsSync(t.at("person", "none"))]).toEqual([true, false]);
  expect([t.rules, t.denied]).toEqual([[["connect:https://a"]], [["network", "https://evil.example"]]]);
});

test("createProcessHost opens what may be written once, though the manifest names it to be read as well", async () => {
  await using t = await setUp(["read:./output", "read:./output/old", "write:./output", "read:./data"]);
  mkdirSync(t.at("plugin/output/old"), { recursive: true });
  // As in every approved copy.
  symlinkSync(t.at("plugin", "output"), t.at("copy", "output"));
  const { read, write } = await t.make();
  expect({ read, write }).toEqual({ read: [t.at("copy", "data")], write: [t.at("plugin", "output")] });
});

test("createProcessHost lets only what the config names run without a sandbox", async () => {
  await using t = await setUp([]);
  t.extensions.allow_unsandboxed = ["other"];
  expect((await t.make()).mayRunUnsandboxed).toBe(false);
  t.extensions.allow_unsandboxed = ["p"];
  expect((await t.make()).mayRunUnsandboxed).toBe(true);
});

test("createProcessHost judges paths at each start: a folder that became a link to a secret is refused", async () => {
  await using t = await setUp(["read:~/notes", "write:./output"]);
  await t.make();
  writeFileSync(t.at("home", "config.toml"), "");
  symlinkSync("../home", t.at("person", "notes"));
  expect(await refusal(t.make)).toMatchObject({ reason: "forbidden" });
});

test("createProcessHost refuses a kind that has no code", async () => {
  await using t = await setUp([], "static");
  expect(await refusal(t.make)).toMatchObject({ message: 'Plugins of kind "static" have no code' });
});

test("pickVariables takes no variable that nobody set, not even one of every object", () => {
  expect(pickVariables(["A", "B", "constructor"], Object.assign(Object.create(null), { A: "1" }))).toEqual({ A: "1" });
});
