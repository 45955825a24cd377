import { expect, test } from "bun:test";
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { grantsOf } from "../../src/mcp/grants.ts";
import { testFolder } from "../support/folder.ts";
import { refusalOf } from "../support/tool-call.ts";

async function machine() {
  const folder = await testFolder();
  const root = realpathSync(folder.path);
  const at = (path: string) => join(root, path);
  const put = (path: string, text = "") => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    return at(path);
  };
  const program = put("bin/node");
  const places = {
    userHome: at("person"),
    alephHome: at("person/.aleph"),
    config: at("person/.aleph/config.toml"),
    workspaces: at("person/.aleph/workspaces"),
  };
  put("person/.aleph/config.toml");
  put("person/.aleph/workspaces/main/a.txt");
  return {
    at,
    put,
    program,
    places,
    grants: (table: Parameters<typeof grantsOf>[1], of = program) => grantsOf(of, table, places),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("grantsOf opens what the arguments name: a folder to change, a file's code to read", async () => {
  await using m = await machine();
  m.put("tools/package.json");
  const script = m.put("tools/dist/index.js");
  mkdirSync(m.at("data"));
  expect(m.grants({ args: ["-y", script, m.at("data"), "/no/such/file"] })).toEqual({
    read: [m.program, m.at("tools"), m.at("data")],
    write: [m.at("data")],
    execute: [],
  });
  expect(m.grants({ args: [m.at("data")], read: [] })).toEqual({ read: [m.program], write: [], execute: [] });
  expect(m.grants({ cwd: m.at("data"), execute: [m.program] })).toEqual({
    read: [m.program, m.at("data")],
    write: [],
    execute: [m.program],
  });
});

test("grantsOf opens the packages around a script, and to Bun the folder that holds them", async () => {
  await using m = await machine();
  m.put("app/package.json");
  m.put("app/node_modules/server/package.json");
  const script = m.put("app/node_modules/server/dist/index.js");
  expect(m.grants({ args: [script] }).read).toEqual([m.program, m.at("app/node_modules")]);
  const bun = m.put("bin/bun");
  expect(m.grants({ args: [script] }, bun).read).toEqual([bun, m.at("app")]);
});

test("grantsOf opens no more than a lone script where its folder is a person's, and what an interpreter brings along", async () => {
  await using m = await machine();
  const script = m.put("person/server.py");
  expect(m.grants({ args: [script] }).read).toEqual([m.program, script]);
  const python = m.put("venv/bin/python3");
  m.put("venv/pyvenv.cfg");
  expect(m.grants({}, python).read).toEqual([python, m.at("venv")]);
  m.put("python/lib/os.py");
  expect(m.grants({}, m.put("python/bin/python3")).read).toEqual([m.at("python/bin/python3"), m.at("python/lib")]);
});

test("grantsOf opens nothing of Aleph's but workspaces, whichever way it is named", async () => {
  await using m = await machine();
  const refused = (table: Parameters<typeof grantsOf>[1]) => refusalOf((async () => m.grants(table))());
  const own = "would open what is Aleph's own";
  symlinkSync(m.places.alephHome, m.at("link"));
  for (const path of [m.places.alephHome, m.places.config, m.places.userHome, m.at("link"), m.at(""), "/proc", "/"]) {
    for (const key of ["args", "read", "write", "execute"] as const) {
      expect([path, key, await refused({ [key]: [path] })]).toEqual([path, key, expect.stringContaining(own)]);
    }
    expect(await refused({ cwd: path })).toContain(own);
  }
  expect(m.grants({ write: ["~/.aleph/workspaces/main"] }).write).toEqual([m.at("person/.aleph/workspaces/main")]);
  expect(await refused({ read: ["data"] })).toBe('invalid_params: "data" in read is not an absolute path');
  expect(await refused({ read: ["/no/such"] })).toBe('not_found: "/no/such" in read is not there');
});
