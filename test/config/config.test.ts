import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { configHome, refusal } from "../support/config.ts";
import { EXAMPLE } from "./example.ts";

const EMPTY = { ...DEFAULTS, providers: {}, agents: {} };

describe("openConfig", () => {
  test("an absent file and an empty file are the defaults", async () => {
    await using own = await configHome();
    expect((await own.open()).current).toEqual(EMPTY);
    own.write("");
    expect((await own.open()).current).toEqual(EMPTY);
    own.write("\ufeff# only a comment\n\n[gateway]\n");
    expect((await own.open()).current).toEqual(EMPTY);
  });

  test("a file's values lie over the defaults, arrays as a whole", async () => {
    await using own = await configHome(EXAMPLE);
    const { current } = await own.open();
    expect(current).toEqual({
      gateway: {
        ...DEFAULTS.gateway,
        port: 18791,
        allowed_origins: ["https://panel.example", "https://other.example"],
        allowed_hosts: ["panel.example"],
        max_payload: 1_048_576,
      },
      auth: { mode: "token" },
      providers: {
        anthropic: { api_key: "env:ANTHROPIC_API_KEY" },
        local: {
          type: "openai-compatible",
          api_key: "local-canary-0001",
          base_url: "http://user:hunter2@127.0.0.1:8080/v1?key=abc&x=1",
          models: ["small", { id: "large", context_window: 32000, price: { input: 0.1, output: 0.2 } }],
          headers: { "x-custom": "header-canary", authorization: "env:LOCAL_AUTH" },
          timeout_ms: 60000,
        },
      },
      models: { default: "anthropic/claude", fallbacks: ["local/large"], aliases: { fast: "local/small" } },
      agents: { main: { thinking: "medium", prompt_files: ["SOUL.md"], tools: { deny: ["exec"] } } },
      subagents: DEFAULTS.subagents,
      runs: { on_restart: "interrupt" },
      sessions: DEFAULTS.sessions,
      exec: { ...DEFAULTS.exec, timeout_ms: 60_000, path: ["/usr/bin", "/bin"] },
      tools: { ...DEFAULTS.tools, web_fetch: { ...DEFAULTS.tools.web_fetch, allow_hosts: ["wiki.home:8080"] } },
      limits: {
        rate: { ...DEFAULTS.limits.rate, read: 100 },
        run: { ...DEFAULTS.limits.run, steps: 20, cost_usd: 0.5 },
        budget: DEFAULTS.limits.budget,
      },
      interfaces: DEFAULTS.interfaces,
      extensions: DEFAULTS.extensions,
      mcp: DEFAULTS.mcp,
      memory: DEFAULTS.memory,
      cron: DEFAULTS.cron,
      heartbeat: DEFAULTS.heartbeat,
      audit: DEFAULTS.audit,
      cluster: DEFAULTS.cluster,
      node: DEFAULTS.node,
      a2a: DEFAULTS.a2a,
      webhooks: DEFAULTS.webhooks,
      hooks: DEFAULTS.hooks,
      debug: DEFAULTS.debug,
      log: { level: "debug" },
    });
  });

  test("the keys of the specification's examples and the legacy key are accepted", async () => {
    await using own = await configHome(
      '[gateway]\nallowedOrigins = ["https://a.example"]\n[auth]\nrequireAuth = false\n',
    );
    const store = await own.open();
    expect(store.raw()).toEqual({ gateway: { allowed_origins: ["https://a.example"] }, auth: { mode: "none" } });
    expect(store.current.auth).toEqual({ mode: "none" });
  });

  test("overrides stand above the environment's log level, and that above the file", async () => {
    await using own = await configHome('[log]\nlevel = "error"\n[gateway]\nport = 1\n');
    const env = readEnvironment({ ALEPH_LOG_LEVEL: "warn" });
    expect((await own.open({ env })).current.log).toEqual({ level: "warn" });
    const store = await own.open({
      env,
      overrides: { log: { level: "debug" }, gateway: { port: 7, host: undefined } },
    });
    expect(store.current.log).toEqual({ level: "debug" });
    expect(store.current.gateway).toEqual({ ...DEFAULTS.gateway, port: 7 });
    expect(store.raw()).toEqual({ log: { level: "error" }, gateway: { port: 1 } });
  });

  test("a log level that is none is refused", async () => {
    await using own = await configHome();
    expect(await refusal(() => own.open({ env: readEnvironment({ ALEPH_LOG_LEVEL: "loud" }) }))).toEqual({
      reason: "config_invalid",
      message: 'Config is not valid: ALEPH_LOG_LEVEL: must be one of "debug", "info", "warn", "error"',
      data: { issues: [{ path: "ALEPH_LOG_LEVEL", message: 'must be one of "debug", "info", "warn", "error"' }] },
    });
  });

  test("an invalid file is refused with path, message and line", async () => {
    await using own = await configHome("# x\n[gateway]\nport = 80\nprot = 81\n\n[log]\nlevel = 5\n");
    expect(await refusal(() => own.open())).toEqual({
      reason: "config_invalid",
      message: 'Config is not valid: line 4, gateway.prot: unknown key; did you mean "port" (and 1 more)',
      data: {
        issues: [
          { path: "gateway.prot", message: 'unknown key; did you mean "port"', line: 4 },
          { path: "log.level", message: 'must be one of "debug", "info", "warn", "error"', line: 7 },
        ],
      },
    });
  });

  test("a time zone that there is not is refused, and none at all is the server's own", async () => {
    await using wrong = await configHome('[heartbeat]\ntz = "Europe/Berln"\n');
    expect((await refusal(() => wrong.open())).data).toEqual({
      issues: [{ path: "heartbeat.tz", message: 'must be a time zone such as "Europe/Berlin", or empty', line: 2 }],
    });
    for (const tz of ["", "Europe/Berlin", "UTC"]) {
      await using right = await configHome(`[heartbeat]\ntz = "${tz}"\n`);
      expect((await right.open()).current.heartbeat.tz).toBe(tz);
    }
  });

  test("a file that is no TOML is refused with the line and without a word of its content", async () => {
    await using own = await configHome('[providers.a]\napi_key = "sk-canary-0123456789"\nbase_url = broken\n');
    const { data, message } = await refusal(() => own.open());
    expect(data).toEqual({ issues: [{ path: "", message: "Not valid TOML: invalid value", line: 3, column: 12 }] });
    expect(message).toBe("Config is not valid: line 3: Not valid TOML: invalid value");
  });

  test("a file that is no text, too large or no file is refused", async () => {
    await using own = await configHome();
    await Bun.write(own.home.config, new Uint8Array([0x5b, 0xff, 0xfe]));
    expect((await refusal(() => own.open())).message).toBe("Config is not valid: the file is not UTF-8 text");
    own.write("#".repeat(1024 * 1024 + 1));
    expect((await refusal(() => own.open())).message).toBe(
      "Config is not valid: the file is larger than 1048576 bytes",
    );
    rmSync(own.home.config);
    mkdirSync(own.home.config);
    expect((await refusal(() => own.open())).message).toBe("Config is not valid: the file cannot be read");
  });

  test("a check of its own is asked once the schema agrees, and its problems get their lines", async () => {
    await using own = await configHome("[providers.a]\nextra = 1\n");
    const problem = { path: ["providers", "a", "extra"], message: "unknown key of this kind" };
    expect(await refusal(() => own.open({ check: async () => [problem] }))).toMatchObject({
      data: { issues: [{ path: "providers.a.extra", message: "unknown key of this kind", line: 2 }] },
    });
    own.write("[provider.a]\n");
    expect(await refusal(() => own.open({ check: () => Promise.reject(new Error("asked too early")) }))).toMatchObject({
      data: { issues: [{ path: "provider", message: 'unknown key; did you mean "providers"', line: 1 }] },
    });
  });
});

describe("ConfigStore", () => {
  test("current and raw are frozen all the way down", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    expect(() => Object.assign(store.current.gateway, { port: 1 })).toThrow(TypeError);
    expect(() => store.current.gateway.allowed_hosts.push("x")).toThrow(TypeError);
    expect(() => Object.assign(store.raw(), { x: 1 })).toThrow(TypeError);
    expect(Object.isFrozen(DEFAULTS.gateway)).toBe(false);
  });

  test("redacted shows no secret and every reference", async () => {
    await using own = await configHome(EXAMPLE);
    const store = await own.open();
    const shown = store.redacted();
    expect(shown.providers).toEqual({
      anthropic: { api_key: "env:ANTHROPIC_API_KEY" },
      local: {
        type: "openai-compatible",
        api_key: "[masked]",
        base_url: "http://[masked]@127.0.0.1:8080/v1?key=[masked]&x=1",
        models: ["small", { id: "large", context_window: 32000, price: { input: 0.1, output: 0.2 } }],
        headers: { "x-custom": "[masked]", authorization: "env:LOCAL_AUTH" },
        timeout_ms: 60000,
      },
    });
    expect(shown.gateway).toEqual(store.current.gateway);
    expect(JSON.stringify(shown)).not.toMatch(/canary|hunter2/);
  });

  test("references are resolved when asked for and nowhere else", async () => {
    await using own = await configHome('[providers.a]\napi_key = "env:KEY"\nbase_url = "env:URL"\nmodels = ["m"]\n');
    const store = await own.open({ env: readEnvironment({ KEY: "resolved-canary", URL: "https://a.example" }) });
    expect(await store.resolve("env:KEY")).toBe("resolved-canary");
    expect(await store.resolve(String(store.current.providers.a?.base_url))).toBe("https://a.example");
    expect(await store.resolve("plain")).toBe("plain");
    await store.patch({ providers: { a: { timeout_ms: 5 } } });
    expect(own.read()).toBe(
      '[providers.a]\napi_key = "env:KEY"\nbase_url = "env:URL"\nmodels = ["m"]\ntimeout_ms = 5\n',
    );
    expect(JSON.stringify([store.current, store.raw(), store.redacted(), own.logged])).not.toContain("canary");
  });

  test("reload takes over a new file and names the sections that changed", async () => {
    await using own = await configHome("[gateway]\nport = 1\n[log]\nlevel = 'warn'\n");
    const store = await own.open();
    const heard: string[][] = [];
    using _listener = store.onChange((sections) => {
      // The new config is in force when a listener hears of it.
      heard.push([...sections, String(store.current.gateway.port)]);
    });
    expect(await store.reload()).toEqual({ changed: [] });
    own.write("[gateway]\nport = 2\n[log]\nlevel = 'warn'\n[providers.a]\n");
    expect(await store.reload()).toEqual({ changed: ["gateway", "providers"] });
    own.write("# a comment\n[gateway]\nport = 2\n[log]\nlevel = 'warn'\n[providers.a]\n");
    expect(await store.reload()).toEqual({ changed: [] });
    rmSync(own.home.config);
    expect(await store.reload()).toEqual({ changed: ["gateway", "log", "providers"] });
    expect(store.current).toEqual(EMPTY);
    expect(heard).toEqual([
      ["gateway", "providers", "2"],
      ["gateway", "log", "providers", "18790"],
    ]);
  });

  test("a reload that is refused changes nothing and tells nobody", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    const before = store.current;
    using _listener = store.onChange(() => {
      throw new Error("nothing changed");
    });
    own.write("[gateway]\nport = 70000\n");
    expect(await refusal(() => store.reload())).toMatchObject({
      reason: "config_invalid",
      data: { issues: [{ path: "gateway.port", message: "must be at most 65535", line: 2 }] },
    });
    expect(store.current).toBe(before);
    expect(own.logged).toEqual([]);
  });

  test("a listener that fails or is gone does not keep a change from the others", async () => {
    await using own = await configHome();
    const store = await own.open();
    const heard: string[] = [];
    const gone = store.onChange(() => heard.push("gone"));
    store.onChange(() => {
      throw new Error("listener fault");
    });
    store.onChange(() => heard.push("kept"));
    gone[Symbol.dispose]();
    await store.patch({ gateway: { port: 5 } });
    expect(heard).toEqual(["kept"]);
    expect(own.logged.map(({ level, message }) => ({ level, message }))).toEqual([
      { level: "error", message: "config listener failed" },
    ]);
  });

  test("what an override pins does not change by the file", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open({ overrides: { gateway: { port: 9 } } });
    own.write("[gateway]\nport = 2\n");
    expect(await store.reload()).toEqual({ changed: [] });
    expect(store.current.gateway.port).toBe(9);
  });

  test("a home that cannot be written still opens", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    // A file in the folder's place stands for a file system that takes no writes; root may write anywhere else.
    rmSync(own.home.run, { recursive: true });
    writeFileSync(own.home.run, "");
    expect((await own.open()).current.gateway.port).toBe(1);
    expect(own.logged.map(({ level, message }) => ({ level, message }))).toEqual([
      { level: "debug", message: "config stamp not written" },
    ]);
  });
});
