import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../../../src/protocol/finding.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { testApp } from "../../support/app.ts";
import { openScreen, runCli } from "../../support/cli.ts";
import { fakeHome } from "../../support/fake-home.ts";
import { testFolder } from "../../support/folder.ts";
import { startOpenAiFake } from "../../support/providers/openai.ts";

async function examine(home: string, ...args: string[]) {
  const { code, stdout, stderr } = await runCli(["doctor", "--json", ...args], { home, cwd: "/" });
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Finding[] };
  const of = (check: string) => checks.filter((finding) => finding.check === check);
  return { code, stderr, ok, checks, of };
}

test("doctor finds a fresh machine well, and changes nothing", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "new");
  const { code, ok, checks, stderr } = await examine(home);
  expect({ code, ok, stderr }).toEqual({ code: 0, ok: true, stderr: "" });
  expect(checks.map(({ check, status }) => [check, status])).toContainValues([
    ["home", "ok"],
    ["database", "ok"],
  ]);
  expect(checks.filter(({ status }) => status === "fail")).toEqual([]);
  expect(checks.at(-1)).toEqual({
    check: "models",
    status: "warn",
    message: "only the scripted demo answers",
    hint: "Set up a model with: aleph wizard",
  });
  expect(existsSync(home)).toBe(false);
});

test("doctor names how far plugins can be confined, and why", async () => {
  await using folder = await testFolder();
  const { of } = await examine(folder.path);
  const { level, reason } = await createSandbox().report();
  expect(of("sandbox")).toEqual([
    level === "none"
      ? {
          check: "sandbox",
          status: "warn",
          message: `none: ${reason}`,
          hint: 'Plugins with code do not start, unless config.toml names them: [extensions] allow_unsandboxed = ["id"]',
        }
      : { check: "sandbox", status: "ok", message: `${level}: ${reason}` },
  ]);
});

test("doctor tells a person what to do, line by line", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake, { more: "[gateway]\nport = 0\n" });
  chmodSync(home.path, 0o755);
  const { code, stdout } = await runCli(["doctor"], { home: home.path });
  expect(code).toBe(0);
  expect(stdout).toContain(
    `warn  home         ${home.path} can be read by other users\n                   chmod 700 ${home.path}\n`,
  );
  expect(stdout).toContain("ok    models       fake/m answers by default\n");
  expect(stdout).toContain("warn  secrets      config.toml has in the clear: providers.fake.api_key\n");
  expect(stdout).toEndWith("\n0 failed, 2 to look at\n");
});

test("doctor fails for secrets that others can read", async () => {
  await using home = await testFolder();
  mkdirSync(join(home.path, "credentials"), { mode: 0o700 });
  const path = join(home.path, "credentials/openai");
  writeFileSync(path, "sk-x\n", { mode: 0o644 });
  const { code, ok, of } = await examine(home.path);
  expect({ code, ok, credentials: of("credentials") }).toEqual({
    code: 1,
    ok: false,
    credentials: [
      {
        check: "credentials",
        status: "fail",
        message: `${path} can be read by other users`,
        hint: `chmod 600 ${path}`,
        fix: "close_credentials",
      },
    ],
  });
});

test("doctor fails for a config that is not valid, and does not start anything on it", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "config.toml"), "[gateway]\nprot = 1\n");
  const { code, of } = await examine(home.path);
  expect({
    code,
    config: of("config").map(({ status, message }) => ({ status, message })),
    models: of("models"),
  }).toEqual({
    code: 1,
    config: [{ status: "fail", message: 'line 2, gateway.prot: unknown key; did you mean "port"' }],
    models: [],
  });
  expect(existsSync(join(home.path, "aleph.db"))).toBe(false);
});

test("doctor warns of secrets that cannot be found", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "config.toml"), '[providers.openai]\napi_key = "env:NO_SUCH_KEY"\n');
  const { of } = await examine(home.path);
  expect(of("config")).toEqual([
    { check: "config", status: "ok", message: join(home.path, "config.toml") },
    {
      check: "config",
      status: "warn",
      message: 'Secret reference "env:NO_SUCH_KEY" is not set',
      hint: expect.any(String),
    },
  ]);
});

test("doctor fails for a database that is damaged", async () => {
  await using home = await testFolder();
  await runCli(["sessions"], { home: home.path });
  expect((await examine(home.path)).of("database")).toMatchObject([{ status: "ok" }]);
  writeFileSync(join(home.path, "aleph.db"), Buffer.alloc(8192, 7));
  const { code, of } = await examine(home.path);
  expect({ code, database: of("database") }).toMatchObject({ code: 1, database: [{ status: "fail" }] });
});

test("doctor fails for a database of a newer Aleph, and other commands say so at once", async () => {
  await using home = await testFolder();
  await runCli(["sessions"], { home: home.path });
  using database = new Database(join(home.path, "aleph.db"));
  database.run("PRAGMA user_version = 9999");
  database.close();
  const message = expect.stringMatching(/^aleph\.db is of a newer Aleph: version 9999, this one knows \d+$/);
  expect((await examine(home.path)).of("database")).toMatchObject([{ status: "fail", message }]);
  const { code, stderr } = await runCli(["sessions"], { home: home.path });
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: Database is of a newer Aleph: version 9999/)]);
});

test("doctor warns of a clock that is behind", async () => {
  await using home = await testFolder();
  await runCli(["sessions"], { home: home.path });
  const future = Date.now() / 1000 + 7200;
  utimesSync(join(home.path, "aleph.db"), future, future);
  const [clock] = (await examine(home.path)).of("clock");
  expect(clock).toMatchObject({ status: "warn", message: expect.stringMatching(/^The clock is (?:1|2) h behind/) });
});

test("doctor looks at the server that runs, or at its port", async () => {
  await using other = await testFolder();
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  writeFileSync(join(other.path, "config.toml"), `[gateway]\nport = ${taken.port}\n`);
  const [idle] = (await examine(other.path)).of("server");
  expect(idle).toMatchObject({
    status: "warn",
    message: expect.stringContaining(`cannot listen on 127.0.0.1:${taken.port}`),
  });

  await using server = await testApp({ config: { models: { default: "demo/demo" } } });
  const [running] = (await examine(server.home.path)).of("server");
  expect(running).toMatchObject({
    status: "ok",
    message: expect.stringContaining(`runs at ${server.url} (pid ${process.pid})`),
  });
});

test("doctor asks each provider with its key", async () => {
  await using fake = startOpenAiFake({ key: "another" });
  await using home = await fakeHome(fake);
  const { of } = await examine(home.path);
  expect(of("models")[0]).toMatchObject({
    status: "warn",
    message: expect.stringContaining("refused the API key"),
    hint: expect.stringContaining("aleph wizard"),
  });
});

test.skipIf(process.platform === "darwin")("doctor names interfaces that cannot work on this machine", async () => {
  await using fake = startOpenAiFake();
  await using home = await fakeHome(fake, { more: "[interfaces.imessage]\n[interfaces.webchat]\n" });
  const { code, of } = await examine(home.path);
  expect([code, of("interfaces")]).toEqual([
    0,
    [
      {
        check: "interfaces",
        status: "warn",
        message: "imessage: iMessage is not available on this platform without a BlueBubbles server",
        hint: "See docs/channels.md, or switch it off: aleph config set interfaces.imessage.enabled false",
      },
    ],
  ]);
});

test("doctor --fix closes what others can read, moves keys out of config.toml when it is told to, and says so", async () => {
  await using home = await testFolder();
  chmodSync(home.path, 0o755);
  mkdirSync(join(home.path, "credentials"), { mode: 0o700 });
  const token = join(home.path, "credentials/openai");
  writeFileSync(token, "sk-x\n", { mode: 0o644 });
  const config = join(home.path, "config.toml");
  const toml =
    '# mine\n[providers.odd]\ntype = "demo"\n[interfaces.telegram]\nenabled = false\ntoken = "123:abc" # bot\n';
  writeFileSync(config, toml, { mode: 0o600 });
  const run = (...words: string[]) => runCli(["doctor", ...words], { home: home.path });
  const dry = await run("--fix", "--dry-run");
  expect(dry.stdout).toContain(
    "\nWould: Take the home from other users\nWould: Take the files of secrets from other users\n",
  );
  expect(statSync(token).mode & 0o777).toBe(0o644);
  // What asks the providers has opened the home, and with that closed it.
  chmodSync(home.path, 0o755);
  const plain = await run();
  expect([plain.code, plain.stderr]).toEqual([1, "aleph doctor --fix mends 3 of it\n"]);
  expect(plain.stdout).toContain("warn  secrets      config.toml has in the clear: interfaces.telegram.token\n");
  chmodSync(home.path, 0o755);
  const fixed = await run("--fix");
  expect(fixed.stdout).toContain(
    "Done: Take the home from other users\nDone: Take the files of secrets from other users\nLeft; --yes",
  );
  expect(fixed.code).toBe(0);
  expect([statSync(home.path).mode & 0o777, statSync(token).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(readFileSync(config, "utf8")).toBe(toml);
  const { repairs } = JSON.parse((await run("--fix", "--yes", "--json")).stdout) as { repairs: object[] };
  expect(repairs).toEqual([
    { what: "Move interfaces.telegram.token from config.toml to files that their owner alone reads", status: "done" },
  ]);
  const reference = "file:credentials/interfaces-telegram-token";
  expect(readFileSync(config, "utf8")).toBe(toml.replace("123:abc", reference));
  expect(readFileSync(join(home.path, "credentials/interfaces-telegram-token"), "utf8")).toBe("123:abc\n");
}, 60_000);

test("doctor --fix counts no more what it has mended, and still what was left", async () => {
  await using home = await testFolder();
  const config = '[gateway]\nport = 0\n[interfaces.telegram]\nenabled = false\ntoken = "123:abc"\n';
  writeFileSync(join(home.path, "config.toml"), config, { mode: 0o600 });
  chmodSync(home.path, 0o755);
  const left = await runCli(["doctor", "--fix"], { home: home.path });
  expect(left.stdout).toMatch(/\nDone: Take the home from other users\nLeft; .*\n0 failed, 2 to look at\n$/);
  chmodSync(home.path, 0o755);
  const done = await runCli(["doctor", "--fix", "--yes"], { home: home.path });
  expect(done.stdout).toMatch(/\nDone: Take the home from other users\nDone: Move .*\n0 failed, 1 to look at\n$/);
}, 60_000);

test("doctor --fix asks at a terminal before it moves a secret", async () => {
  await using home = await testFolder();
  chmodSync(home.path, 0o700);
  const config = join(home.path, "config.toml");
  const toml = '[interfaces.telegram]\nenabled = false\ntoken = "123:abc"\n';
  writeFileSync(config, toml, { mode: 0o600 });
  await using screen = openScreen(["doctor", "--fix"], { home: home.path });
  await screen.shows("Move interfaces.telegram.token from config.toml to files that their owner alone reads? [y/N]");
  screen.type("n\r");
  await screen.shows("Left; --yes agrees to it");
  expect(await screen.exited).toBe(0);
  expect(readFileSync(config, "utf8")).toBe(toml);
}, 60_000);

test("doctor --fix writes completions of another version anew, and leaves those of somebody else", async () => {
  await using home = await testFolder();
  chmodSync(home.path, 0o700);
  const [bash, fish] = [".local/share/bash-completion/completions/aleph", ".config/fish/completions/aleph.fish"].map(
    (path) => join(home.path, path),
  ) as [string, string];
  for (const path of [bash, fish]) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(bash, "# Completion of aleph for bash. Old\n");
  writeFileSync(fish, "# mine\n");
  const fixed = await runCli(["doctor", "--fix"], { home: home.path });
  expect(fixed.stdout).toContain(`Done: Write ${bash} anew\n`);
  const { stdout } = await runCli(["completions", "bash"], { home: home.path });
  expect([readFileSync(bash, "utf8"), readFileSync(fish, "utf8")]).toEqual([stdout, "# mine\n"]);
}, 60_000);

test("doctor says which completions it cannot read, and goes on", async () => {
  await using home = await testFolder();
  const path = join(home.path, ".zfunc/_aleph");
  mkdirSync(path, { recursive: true });
  const { of } = await examine(home.path);
  expect(of("completions")).toEqual([
    {
      check: "completions",
      status: "warn",
      message: expect.stringContaining(`${path} cannot be read: EISDIR`),
      hint: "Check who owns it, and its mode",
    },
  ]);
});

test("doctor --fix moves each secret to a file of its own", async () => {
  await using home = await testFolder();
  const toml =
    '[mcp.servers.one]\nurl = "http://127.0.0.1:9/"\n[mcp.servers.one.headers]\n"x@a-token" = "first"\n"x!a-token" = "second"\n';
  writeFileSync(join(home.path, "config.toml"), toml, { mode: 0o600 });
  await runCli(["doctor", "--fix", "--yes"], { home: home.path });
  const config = readFileSync(join(home.path, "config.toml"), "utf8");
  const moved = [...config.matchAll(/"file:credentials\/(.+)"/g)].map(([, name]) =>
    readFileSync(join(home.path, "credentials", name!), "utf8"),
  );
  expect([config.includes("first"), config.includes("second"), moved.sort()]).toEqual([
    false,
    false,
    ["first\n", "second\n"],
  ]);
}, 60_000);
