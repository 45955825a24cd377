import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { homeAt } from "../../src/config/home.ts";
import { lockFile } from "../../src/lib/file-lock.ts";
import { isTable } from "../../src/lib/merge-patch.ts";
import { configHome, refusal } from "../support/config.ts";
import { EXAMPLE } from "./example.ts";

const REWRITTEN = "The file was written anew: comments and the order of keys were not kept";

describe("ConfigStore.patch", () => {
  test("makes the file, for its owner alone, when there is none", async () => {
    await using own = await configHome();
    const store = await own.open();
    expect(await store.patch({ gateway: { port: 81 }, providers: { a: { api_key: "env:A" } } })).toEqual({
      changed: ["gateway", "providers"],
    });
    expect(own.read()).toBe('[gateway]\nport = 81\n\n[providers.a]\napi_key = "env:A"\n');
    expect(statSync(own.home.config).mode & 0o777).toBe(0o600);
    expect(readdirSync(own.home.path).filter((name) => name.includes("tmp"))).toEqual([]);
    expect((await own.open()).current).toEqual(store.current);
  });

  test("keeps comments, order and spelling of all that it does not change", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const changed = await store.patch({
      gateway: { port: 99, host: "::1", allowed_origins: ["https://new.example"] },
      exec: { timeout_ms: null },
      agents: { main: { tools: { deny: ["exec", "web_fetch"] }, model: "fast" } },
      models: { aliases: { fast: "local/large" } },
      providers: { openai: { type: "openai" } },
    });
    expect(changed).toEqual({ changed: ["gateway", "models", "exec", "providers", "agents"] });
    expect(own.read()).toBe(
      `${EXAMPLE.replace('"127.0.0.1" # loop', '"::1" # loop')
        .replace("port = 18791", "port = 99")
        .replace(/allowed_origins = \[[^\]]*\]/, 'allowed_origins = [ "https://new.example" ]')
        .replace("timeout_ms = 60_000\n", "")
        .replace('deny = ["exec"]', 'deny = [ "exec", "web_fetch" ]')
        .replace('tools = { deny = [ "exec", "web_fetch" ] }', '$&\nmodel = "fast"')
        .replace('"local/small"', '"local/large"')}\n[providers.openai]\ntype = "openai"\n`,
    );
  });

  test("keeps camelCase keys, line ends and a missing last line end as they are", async () => {
    await using own = await configHome("# a\r\n[gateway] # b\r\nallowedOrigins = []\r\nmaxPayload = 2048 # c");
    const store = await own.open();
    expect(
      await store.patch({ gateway: { allowed_origins: ["https://a.example"], maxPayload: 4096, port: 1 } }),
    ).toEqual({
      changed: ["gateway"],
    });
    expect(own.read()).toBe(
      '# a\r\n[gateway] # b\r\nallowedOrigins = [ "https://a.example" ]\r\nmaxPayload = 4096 # c\r\nport = 1',
    );
  });

  test("removes a table with its lines", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    await store.patch({ providers: { anthropic: null, local: null }, limits: { rate: null } });
    expect(own.read()).toBe(
      EXAMPLE.replace(/\[providers\.anthropic\]\n.*\n/, "")
        .replace(/\[providers\.local\]\n(?:.+\n)*/, "")
        .replace("[limits.rate]\nread = 100\n", ""),
    );
    expect(store.current.providers).toEqual({});
  });

  test("writes the file anew where a change has no place, keeps its head and says so", async () => {
    await using own = await configHome(
      '#:schema x\n# mine\n\n[[providers.p.extra]] # gone\nk = "a"\n[auth]\nrequire_auth = false\n',
    );
    const store = await own.open();
    expect(await store.patch({ providers: { p: { extra: [{ k: "b" }] } } })).toEqual({
      changed: ["providers"],
      note: REWRITTEN,
    });
    expect(own.read()).toBe('#:schema x\n# mine\n\n[[providers.p.extra]]\nk = "b"\n\n[auth]\nmode = "none"\n');
    expect((await own.open()).current).toEqual(store.current);
  });

  test("keeps a table on one line, and one of dotted keys, where they are", async () => {
    await using own = await configHome(
      '# mine\n[models]\naliases = { a = "b", c = "d" } # short\n[limits]\nrate.read = 5 # slow\nrate.run = 1\n',
    );
    const store = await own.open();
    const patch = { models: { aliases: { a: null, e: "f" } }, limits: { rate: { run: null, write: 7 } } };
    expect(await store.patch(patch)).toEqual({ changed: ["models", "limits"] });
    expect(own.read()).toBe(
      '# mine\n[models]\naliases = { c = "d", e = "f" } # short\n[limits]\nrate.read = 5 # slow\nrate.write = 7\n',
    );
    expect((await own.open()).current).toEqual(store.current);
  });

  test("refuses what is invalid and leaves the file, the config and the listeners alone", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const before = store.current;
    store.onChange(() => {
      throw new Error("nothing changed");
    });
    expect(await refusal(() => store.patch({ gateway: { prot: 1, port: "x" }, log: null }))).toEqual({
      reason: "config_invalid",
      message: 'Config is not valid: gateway.prot: unknown key; did you mean "port" (and 1 more)',
      data: {
        issues: [
          { path: "gateway.prot", message: 'unknown key; did you mean "port"' },
          { path: "gateway.port", message: "must be a number, not a string" },
        ],
      },
    });
    for (const wrong of [null, 5, "x", [], new Date(0)]) {
      expect(await refusal(() => store.patch(wrong))).toMatchObject({
        data: { issues: [{ path: "", message: "must be a table" }] },
      });
    }
    expect(
      await refusal(() => store.patch(JSON.parse('{"__proto__": {"x": 1}, "gateway": {"__proto__": 2}}'))),
    ).toMatchObject({
      data: { issues: [{ path: "__proto__" }, { path: "gateway.__proto__" }] },
    });
    expect(await refusal(() => store.patch({ gateway: { allowed_hosts: [null] } }))).toMatchObject({
      data: { issues: [{ path: "gateway.allowed_hosts.0", message: "must have a value" }] },
    });
    expect(own.read()).toBe(EXAMPLE);
    expect(store.current).toBe(before);
    expect(own.logged).toEqual([]);
  });

  test("does not touch a file that is broken", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    own.write("[gateway\nport = 2\n");
    expect(await refusal(() => store.patch({ gateway: { port: 3 } }))).toMatchObject({
      data: { issues: [{ path: "", line: 1 }] },
    });
    expect(own.read()).toBe("[gateway\nport = 2\n");
    expect(store.current.gateway.port).toBe(1);
  });

  test("mends a file that is TOML but not valid", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    own.write("[gateway]\nprot = 2\n");
    expect(await store.patch({ gateway: { prot: null, port: 3 } })).toEqual({ changed: ["gateway"] });
    expect(own.read()).toBe("[gateway]\nport = 3\n");
  });

  test("keeps what someone else wrote into the file meanwhile", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    own.write("[gateway]\nport = 1\n[log]\nlevel = 'warn' # mine\n");
    expect(await store.patch({ gateway: { port: 2 } })).toEqual({ changed: ["gateway", "log"] });
    expect(own.read()).toBe("[gateway]\nport = 2\n[log]\nlevel = 'warn' # mine\n");
  });

  test("a patch that changes nothing writes nothing", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const { ino, mtimeNs } = statSync(own.home.config, { bigint: true });
    expect(await store.patch({ gateway: { port: 18791 }, models: { none: null } })).toEqual({ changed: [] });
    expect(statSync(own.home.config, { bigint: true })).toMatchObject({ ino, mtimeNs });
  });

  test("masked secrets that come back stay what they were", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const shown = JSON.parse(JSON.stringify(store.redacted()));
    await store.patch({ providers: { local: { ...shown.providers.local, timeout_ms: 1 } } });
    expect(own.read()).toBe(EXAMPLE.replace("timeout_ms = 60000", "timeout_ms = 1"));
    for (const [key, value] of [
      ["api_key", "x[masked]"],
      ["base_url", "http://[masked]@other.example/v1?key=[masked]&x=1"],
      ["models", ["[masked]"]],
    ] as const) {
      expect(await refusal(() => store.patch({ providers: { local: { [key]: value } } }))).toMatchObject({
        reason: "config_invalid",
        data: {
          issues: [
            {
              path: expect.stringContaining(`providers.local.${key}`),
              message: expect.stringContaining("give the secret"),
            },
          ],
        },
      });
    }
    expect(await refusal(() => store.patch({ providers: { fresh: { api_key: "[masked]" } } }))).toMatchObject({
      data: { issues: [{ path: "providers.fresh.api_key" }] },
    });
    expect(own.read()).toContain('api_key = "local-canary-0001"');
  });

  test("a link stays a link and its target is replaced", async () => {
    await using own = await configHome();
    const target = join(own.home.path, "dotfiles.toml");
    writeFileSync(target, "# mine\n");
    symlinkSync(target, own.home.config);
    const store = await own.open();
    await store.patch({ gateway: { port: 3 } });
    expect(readlinkSync(own.home.config)).toBe(target);
    expect(own.read()).toBe("# mine\n\n[gateway]\nport = 3\n");
  });

  test("what cannot be written is storage_failed and changes nothing", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    rmSync(own.home.run, { recursive: true });
    writeFileSync(own.home.run, "");
    expect(await refusal(() => store.patch({ gateway: { port: 2 } }))).toEqual({
      reason: "storage_failed",
      message: "Config could not be written",
      data: { hint: "Check that ALEPH_HOME can be written and the disk is not full" },
    });
    expect([own.read(), store.current.gateway.port]).toEqual(["[gateway]\nport = 1\n", 1]);
    rmSync(own.home.run);
    // The folder of the file is not there: the temporary file cannot be made.
    const elsewhere = await own.open({ home: homeAt(own.home.path, join(own.home.path, "none", "config.toml")) });
    expect((await refusal(() => elsewhere.patch({ gateway: { port: 2 } }))).reason).toBe("storage_failed");
    expect(elsewhere.current.gateway.port).toBe(18790);
  });

  test("gives up with conflict when another process does not let go of the file", async () => {
    await using own = await configHome();
    let waited = 0;
    const store = await own.open({
      wait: async (ms) => {
        waited += ms;
      },
    });
    using _held = await lockFile(join(own.home.run, "config.lock"), { timeoutMs: 0 });
    expect(await refusal(() => store.patch({ gateway: { port: 2 } }))).toMatchObject({ reason: "conflict" });
    expect(waited).toBe(5000);
    expect(existsSync(own.home.config)).toBe(false);
  });
});

describe("ConfigStore.apply", () => {
  test("replaces all that the file says", async () => {
    await using own = await configHome("# head\n\n[gateway] # kept\nport = 1\n[log]\nlevel = 'warn'\n");
    const store = await own.open();
    expect(await store.apply({ gateway: { port: 2 }, auth: { require_auth: false } })).toEqual({
      changed: ["gateway", "auth", "log"],
    });
    expect(own.read()).toBe('# head\n\n[gateway] # kept\nport = 2\n\n[auth]\nmode = "none"\n');
  });

  test("what config.get showed can be given back: nothing in force changes, no secret is lost", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const before = store.current;
    expect((await store.apply(JSON.parse(JSON.stringify(store.redacted())))).changed).toEqual([]);
    expect(store.current).toEqual(before);
    expect((await own.open()).current).toEqual(before);
    expect(own.read()).toContain("hunter2");
    expect(own.read()).toContain("header-canary");
    expect(own.read()).not.toContain("masked");
  });

  test("refuses null, which TOML cannot say, and anything that is no table", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    expect(await refusal(() => store.apply({ providers: { a: { option: null } } }))).toMatchObject({
      data: { issues: [{ path: "providers.a.option", message: "must have a value; leave the key out instead" }] },
    });
    expect((await refusal(() => store.apply([]))).reason).toBe("config_invalid");
    expect(own.read()).toBe(EXAMPLE);
  });
});

describe("writers", () => {
  test("at the same moment lose nothing of each other", async () => {
    await using own = await configHome("# mine\n");
    const [one, two] = [await own.open(), await own.open()];
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 ? one : two).patch({ models: { aliases: { [`a${index}`]: `m${index}` } } }),
      ),
    );
    const expected = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`a${index}`, `m${index}`]));
    expect((await own.open()).current.models.aliases).toEqual(expected);
    await Promise.all([one.reload(), two.reload()]);
    expect(one.current).toEqual(two.current);
    expect(own.read().startsWith("# mine\n")).toBe(true);
  });

  test("in other processes wait for each other", async () => {
    await using own = await configHome("# mine\n");
    const script = `
      import { openConfig } from ${JSON.stringify(join(import.meta.dir, "../../src/config/config.ts"))};
      import { readEnvironment } from ${JSON.stringify(join(import.meta.dir, "../../src/config/environment.ts"))};
      import { homeAt } from ${JSON.stringify(join(import.meta.dir, "../../src/config/home.ts"))};
      const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
      const [path, name] = process.argv.slice(-2);
      const store = await openConfig({ home: homeAt(path), log, env: readEnvironment({}) });
      for (let i = 0; i < 10; i++) await store.patch({ models: { aliases: { [name + i]: "m" } } });
    `;
    const file = join(own.home.path, "writer.ts");
    await Bun.write(file, script);
    const children = ["a", "b", "c"].map((name) =>
      Bun.spawn([process.execPath, file, own.home.path, name], { stdout: "ignore", stderr: "inherit" }),
    );
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0]);
    expect(Object.keys((await own.open()).current.models.aliases)).toHaveLength(30);
  }, 60_000);

  test("any patches in any order leave the file, the config and a fresh start in agreement", async () => {
    const name = fc.constantFrom("a", "b", "my.id", "x-1");
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 8 }),
      fc.constantFrom("q\"uo'te", "line\nend", "#no", "[x]"),
    );
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const patch = fc.record(
      {
        gateway: maybe(
          fc.record(
            { port: maybe(fc.nat(65535)), allowed_hosts: maybe(fc.array(text, { maxLength: 3 })) },
            { requiredKeys: [] },
          ),
        ),
        providers: maybe(
          fc.dictionary(
            name,
            maybe(
              fc.record(
                {
                  api_key: maybe(text),
                  headers: maybe(fc.dictionary(text, maybe(text), { maxKeys: 2 })),
                  extra: maybe(fc.array(fc.record({ k: text }), { maxLength: 2 })),
                },
                { requiredKeys: [] },
              ),
            ),
            { maxKeys: 3 },
          ),
        ),
        models: maybe(fc.record({ aliases: maybe(fc.dictionary(text, maybe(fc.constant("m")), { maxKeys: 3 })) })),
        agents: maybe(
          fc.dictionary(
            name,
            maybe(
              fc.record(
                { tools: maybe(fc.record({ allow: maybe(fc.array(text, { maxLength: 2 })) }, { requiredKeys: [] })) },
                { requiredKeys: [] },
              ),
            ),
            { maxKeys: 2 },
          ),
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(patch, { minLength: 1, maxLength: 5 }),
        fc.constantFrom("", "# c\n", EXAMPLE),
        async (patches, start) => {
          await using own = await configHome(start);
          const store = await own.open();
          for (const each of patches) await store.patch(each);
          const fresh = await own.open();
          expect(fresh.current).toEqual(store.current);
          expect(fresh.raw().providers ?? {}).toEqual((store.raw().providers as object | undefined) ?? {});
          expect(isTable(fresh.raw())).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
