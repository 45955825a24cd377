import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bundled } from "../../../src/plugin/bundled/bundled.ts";
import { testFolder } from "../../support/folder.ts";
import { codeOf, inProcess, pluginHome } from "../../support/plugin-home.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const carried = (version: string) => ({
  greeter: {
    "aleph_plugin.toml": base64(codeOf({ id: "greeter", version })),
    "dist/index.js": base64(`// ${version}`),
  },
});
const { signal } = new AbortController();

test("Bundled lays plugins down when they are asked for, once, and writes nothing when there are none", async () => {
  await using root = await testFolder();
  const folder = join(root.path, "run", "bundled");
  await new Bundled({ folder, version: "1", load: async () => ({}) }).offer();
  expect(existsSync(folder)).toBe(false);
  const make = (version: string, files: string) => new Bundled({ folder, version, load: async () => carried(files) });
  await make("1", "1.0.0").update();
  expect(existsSync(folder)).toBe(false);
  await make("1", "1.0.0").offer();
  const file = join(folder, "greeter", "dist", "index.js");
  expect([readFileSync(file, "utf8"), readdirSync(join(root.path, "run"))]).toEqual(["// 1.0.0", ["bundled"]]);
  // Another version of Aleph brings them up to date by itself, another checkout of the same one when asked.
  await make("1", "1.1.0").update();
  expect(readFileSync(file, "utf8")).toBe("// 1.0.0");
  await make("1", "1.1.0").offer();
  expect(readFileSync(file, "utf8")).toBe("// 1.1.0");
  await make("2", "2.0.0").update();
  expect(readFileSync(file, "utf8")).toBe("// 2.0.0");
  writeFileSync(join(folder, ".version"), "2 else");
  await make("2", "2.0.1").update();
  expect(readFileSync(file, "utf8")).toBe("// 2.0.0");
});

test("Plugins offer what came with Aleph, off until it is enabled and approved, and renewed with Aleph", async () => {
  await using home = await testFolder();
  {
    const { runtimes } = inProcess();
    await using t = await pluginHome({ home: home.path, runtimes, bundled: async () => carried("1.0.0") });
    expect(await t.plugins.current()).toEqual([]);
    expect(await t.plugins.get("greeter")).toMatchObject({ source: "bundled", status: "disabled" });
    expect(await t.plugins.enable("greeter")).toMatchObject({ status: "pending", awaits: "approval" });
    expect(await t.plugins.approve("greeter", { by: "owner" })).toMatchObject({ status: "loaded" });
  }
  const { runtimes, started } = inProcess();
  await using t = await pluginHome({
    home: home.path,
    runtimes,
    version: "0.2.0",
    bundled: async () => carried("1.1.0"),
  });
  const [plugin] = await t.plugins.current();
  expect(await plugin!.call({ handler: "h", args: null, signal })).toMatchObject({ version: "1.1.0" });
  expect(started).toHaveLength(1);
});
