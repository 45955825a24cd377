import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stampOf } from "../../src/config/stamp.ts";
import { type ConfigHome, configHome, refusal } from "../support/config.ts";
import { EXAMPLE } from "./example.ts";

const source = (path: string) => JSON.stringify(join(import.meta.dir, "../../src", path));

/** Opens the config in a process of its own; which packages that made it load. */
async function loadedBy(own: ConfigHome): Promise<{ port: number; packages: string[] }> {
  const script = join(own.home.path, "open.ts");
  await Bun.write(
    script,
    `
    import { openConfig } from ${source("config/config.ts")};
    import { readEnvironment } from ${source("config/environment.ts")};
    import { homeAt } from ${source("config/home.ts")};
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const store = await openConfig({ home: homeAt(${JSON.stringify(own.home.path)}), log, env: readEnvironment({}) });
    const has = (name) => Object.keys(require.cache).some((path) => path.includes("/node_modules/" + name + "/"));
    console.log(JSON.stringify({ port: store.current.gateway.port, packages: ["zod", "smol-toml"].filter(has) }));
  `,
  );
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await new Response(child.stdout).text());
}

describe("the stamp", () => {
  test("lets a start without a file load no parser, and one with a checked file no schema", async () => {
    await using own = await configHome();
    expect(await loadedBy(own)).toEqual({ port: 18790, packages: [] });
    own.write(EXAMPLE);
    expect(await loadedBy(own)).toEqual({ port: 18791, packages: ["zod", "smol-toml"] });
    expect(await loadedBy(own)).toEqual({ port: 18791, packages: ["smol-toml"] });
    own.write(`${EXAMPLE} `);
    expect(await loadedBy(own)).toEqual({ port: 18791, packages: ["zod", "smol-toml"] });
  }, 60_000);

  test("is the hash of text and versions, and holds nothing else", async () => {
    await using own = await configHome(EXAMPLE);
    await own.open();
    const stamp = readFileSync(join(own.home.run, "config.ok"), "utf8");
    expect(stamp).toBe(stampOf(EXAMPLE));
    expect(stamp).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([stamp, stampOf(EXAMPLE, "other"), stampOf(`${EXAMPLE} `), stampOf("")]).size).toBe(4);
  });

  test("of another version does not count: the file is checked again", async () => {
    const text = "[gateway]\nprot = 1\n";
    await using own = await configHome(text);
    const path = join(own.home.run, "config.ok");
    // What an earlier version may have found valid.
    writeFileSync(path, stampOf(text, "0.0.9/1"));
    expect((await refusal(() => own.open())).reason).toBe("config_invalid");
    expect(readFileSync(path, "utf8")).toBe(stampOf(text, "0.0.9/1"));
    writeFileSync(path, stampOf(text));
    expect((await own.open()).raw()).toEqual({ gateway: { prot: 1 } });
  });

  test("is not made for an invalid file, and is made for what patch wrote", async () => {
    await using own = await configHome("[gateway]\nprot = 1\n");
    const path = join(own.home.run, "config.ok");
    await refusal(() => own.open());
    expect(existsSync(path)).toBe(false);
    rmSync(own.home.config);
    await (await own.open()).patch({ gateway: { port: 1 } });
    expect(readFileSync(path, "utf8")).toBe(stampOf(own.read()));
  });
});
