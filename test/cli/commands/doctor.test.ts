import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../../src/protocol/finding.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
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
  await using home = await fakeHome(fake);
  chmodSync(home.path, 0o755);
  const { code, stdout } = await runCli(["doctor"], { home: home.path });
  expect(code).toBe(0);
  expect(stdout).toContain(
    `warn  home         ${home.path} can be read by other users\n                   chmod 700 ${home.path}\n`,
  );
  expect(stdout).toContain("ok    models       fake/m answers by default\n");
  expect(stdout).toEndWith("\n0 failed, 1 to look at\n");
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
