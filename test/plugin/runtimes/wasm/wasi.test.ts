import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ERRNO } from "../../../../src/plugin/runtimes/wasm/wasi-memory.ts";
import { refusal } from "../../../support/config.ts";
import { testFolder } from "../../../support/folder.ts";
import { assemble, startWasmPlugin } from "../../../support/wasm-plugin.ts";

const MODULE = assemble(await Bun.file(join(import.meta.dir, "../../../support/wasm/wasi.wat")).text());
const NOTHING = { network: [], filesystem: [], env: [] };

/** In `plugin` of the test's folder, with `output` to write (descriptor 3) and `data` to read (descriptor 4). */
async function started({ granted = true }: { readonly granted?: boolean } = {}) {
  const root = await testFolder();
  const folder = join(root.path, "plugin");
  const [output, data] = [join(folder, "output"), join(folder, "data")];
  await mkdir(output, { recursive: true });
  await mkdir(join(data, "sub"), { recursive: true });
  await Bun.write(join(data, "a.txt"), "text of a");
  await Bun.write(join(data, "sub/b.txt"), "text of b");
  await Bun.write(join(root.path, "secret.txt"), "secret");
  await symlink("sub/b.txt", join(data, "inside"));
  await symlink("../../secret.txt", join(data, "outside"));
  await symlink("../..", join(data, "up"));
  const plugin = await startWasmPlugin(folder, {
    module: await MODULE,
    manifest: {
      permissions: granted ? { ...NOTHING, filesystem: ["read:./data", "write:./output"] } : NOTHING,
    },
    host: { env: { NAME: "value" }, ...(granted ? { read: [data], write: [output] } : {}) },
  });
  return {
    ...plugin,
    output,
    data,
    root: root.path,
    async [Symbol.asyncDispose]() {
      await plugin[Symbol.asyncDispose]();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** As the module gives an error of its host. */
const error = (name: keyof typeof ERRNO) => 100 + ERRNO[name];

test("a module for WASI is initialised before it is called, and its _start is a function like any other", async () => {
  await using plugin = await started();
  expect(await plugin.call("initialised")).toBe(101);
  expect(await plugin.call("_start")).toBe(142);
  expect(await plugin.call("initialised")).toBe(101);
});

test("a module for WASI reads in the folders that it was granted, by their names", async () => {
  await using plugin = await started();
  expect(await Promise.all(["name_3", "name_4", "name_5"].map((name) => plugin.call(name)))).toEqual([
    "/output",
    "/data",
    error("badf"),
  ]);
  const paths = ["a.txt", "./sub/../a.txt", "sub/b.txt", "inside"];
  expect(await Promise.all(paths.map((path) => plugin.call("read_4", path)))).toEqual([
    "text of a",
    "text of a",
    "text of b",
    "text of b",
  ]);
  expect(await plugin.call("read_4", "none")).toBe(error("noent"));
  // A folder (3) and a file (4) of nine bytes.
  expect([await plugin.call("stat_4", "a.txt"), await plugin.call("read_4", "sub")]).toEqual([149, error("isdir")]);
  expect(await plugin.call("list_4")).toInclude("a.txt");
  expect(plugin.denied).toEqual([]);
});

test("a module for WASI reads nothing else: not above, not behind links, not by an absolute path", async () => {
  await using plugin = await started();
  const paths = ["../secret.txt", "../../secret.txt", "sub/../../x", "outside", "up/secret.txt", "/etc/passwd"];
  for (const path of paths) expect(await plugin.call("read_4", path)).toBe(error("notcapable"));
  expect(await plugin.call("read_3", "../data/a.txt")).toBe(error("notcapable"));
  expect(plugin.denied.length).toBe(paths.length + 1);
  expect(plugin.denied.at(-2)).toBe("filesystem /etc/passwd");
});

test("a module for WASI writes where it may write, and nowhere else", async () => {
  await using plugin = await started();
  expect(await plugin.call("write_3", "new.txt")).toBe(100);
  expect(readFileSync(join(plugin.output, "new.txt"), "utf8")).toBe("nnew.txt");
  expect(await plugin.call("folder_3", "made")).toBe(100);
  expect(await plugin.call("unfolder_3", "made")).toBe(100);
  expect(await plugin.call("unlink_3", "new.txt")).toBe(100);
  expect(readdirSync(plugin.output)).toEqual([]);
  expect(plugin.denied).toEqual([]);

  const refused = [
    ["write_4", "a.txt"],
    ["write_4", "new.txt"],
    ["update_4", "a.txt"],
    ["unlink_4", "a.txt"],
    ["move_4_to_3", "a.txt"],
    ["write_3", "../new.txt"],
    ["write_3", "../../secret.txt"],
    ["unlink_3", "../data/a.txt"],
    ["folder_3", "../made"],
  ] as const;
  for (const [handler, path] of refused) expect(await plugin.call(handler, path)).toBe(error("notcapable"));
  expect(await plugin.call("write_3", "kept.txt")).toBe(100);
  expect(await plugin.call("move_3_to_4", "kept.txt")).toBe(error("notcapable"));
  expect(plugin.denied.length).toBe(refused.length + 1);
  expect(readFileSync(join(plugin.data, "a.txt"), "utf8")).toBe("text of a");
  expect(readFileSync(join(plugin.root, "secret.txt"), "utf8")).toBe("secret");
  expect(existsSync(join(plugin.output, "../new.txt"))).toBe(false);
});

test("a module for WASI makes no links and has no sockets", async () => {
  await using plugin = await started();
  expect(await plugin.call("link_3", "x")).toBe(error("notsup"));
  expect(await plugin.call("socket")).toBe(error("notsup"));
});

test("a module for WASI that was granted nothing has nothing", async () => {
  await using plugin = await started({ granted: false });
  expect(await plugin.call("name_3")).toBe(error("badf"));
  expect(await plugin.call("read_3", "a.txt")).toBe(error("badf"));
  expect(await plugin.call("stdin")).toBe(100);
});

test("a module for WASI has the variables that it was granted, a clock and random numbers", async () => {
  await using plugin = await started();
  expect(await plugin.call("environment")).toBe("NAME=value\0");
  expect([await plugin.call("sleep"), await plugin.call("random")]).toEqual([101, 101]);
});

test("a module for WASI prints to the log", async () => {
  await using plugin = await started();
  expect(await plugin.call("print")).toBeNull();
  expect(plugin.entries.map(({ level, fields }) => [level, fields.text])).toEqual([
    ["info", "to the output"],
    ["warn", "to the output"],
  ]);
});

test("a module for WASI is told of what it does wrong", async () => {
  await using plugin = await started();
  expect(await plugin.call("outside")).toBe(error("fault"));
  expect(await plugin.call("many", "a.txt")).toBe(error("mfile"));
  expect(await refusal(() => plugin.call("exit"))).toEqual({
    reason: "plugin_error",
    message: "exited with code 3",
    data: { plugin: "sample", code: "handler" },
  });
  // Its next instance has nothing open.
  expect(await plugin.call("read_4", "a.txt")).toBe("text of a");
});
