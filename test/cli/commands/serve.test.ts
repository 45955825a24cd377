import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openScreen, runCli, startCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { until } from "../../support/until.ts";

const READY = /Aleph is ready\. Open (http:\/\/127\.0\.0\.1:\d+) and log in with the token in (\S+)/;

test("serve says where it listens and how to log in, and keeps the token to itself", async () => {
  await using home = await testFolder();
  await using server = startCli(["serve", "--port", "0"], { home: home.path });
  const [, url, file] = READY.exec(await server.waitFor(READY))!;
  expect(file).toBe(join(home.path, "credentials/token"));
  expect(await (await fetch(`${url}/health`)).text()).toBe("OK");
  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.finished;
  expect({ code, stdout, last: stderr.trimEnd().split("\n").at(-1) }).toEqual({
    code: 0,
    stdout: "",
    last: "Stopping (SIGTERM) …",
  });
  expect(stderr).not.toContain(readFileSync(file!, "utf8").trim());
  expect(existsSync(join(home.path, "run/server.json"))).toBe(false);
});

test("aleph-server serves without being told to", async () => {
  await using home = await testFolder();
  await using server = startCli(["--port", "0", "--home", join(home.path, "own")], {
    home: home.path,
    name: "aleph-server",
  });
  await server.waitFor(READY);
  server.kill("SIGINT");
  expect((await server.finished).code).toBe(0);
  expect(existsSync(join(home.path, "own/aleph.db"))).toBe(true);
});

test("serve stops when a client asks it to", async () => {
  await using home = await testFolder();
  await using server = startCli(["serve", "--port", "0"], { home: home.path });
  await server.waitFor(READY);
  expect((await runCli(["rpc", "system.shutdown", '{"reason": "enough"}'], { home: home.path })).code).toBe(0);
  const { code, stderr } = await server.finished;
  expect({ code, last: stderr.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, last: "Stopping (enough) …" });
});

test("serve logs JSON lines off a terminal, from the level that is asked for", async () => {
  await using home = await testFolder();
  await using server = startCli(["serve", "--port", "0", "--log-level", "debug"], { home: home.path });
  await server.waitFor(READY);
  await runCli(["config", "set", "log.level", "info"], { home: home.path });
  server.kill("SIGTERM");
  const { stderr } = await server.finished;
  const lines = stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines)
    expect(line).toMatchObject({
      ts: expect.stringMatching(/^20/),
      level: expect.any(String),
      message: expect.any(String),
    });
});

test("serve logs lines for people on a terminal", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "config.toml"), '[auth]\nmode = "none"\n');
  await using screen = openScreen(["serve", "--port", "0", "--host", "0.0.0.0"], { home: home.path, columns: 200 });
  await screen.shows("no login is needed, and only this machine can reach it");
  await screen.shows(/every program on this machine is the owner/);
  expect(screen.text).not.toContain('{"ts"');
  screen.type("\x03");
  await screen.shows("Stopping (SIGINT) …");
  expect(await screen.exited).toBe(0);
});

test("serve refuses a home that another server has, and names it", async () => {
  await using home = await testFolder();
  await using first = startCli(["serve", "--port", "0"], { home: home.path });
  const [, url] = READY.exec(await first.waitFor(READY))!;
  expect(await runCli(["serve", "--port", "0"], { home: home.path })).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error: Another Aleph (pid ${first.pid}) has ${home.path} and listens on ${url}\nUse the one that runs, stop it first, or give this one its own --home\n`,
  });
});

test("serve names the port that is taken, and the option for another", async () => {
  await using home = await testFolder();
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const refused = {
    code: 1,
    stdout: "",
    stderr: `Error: Port ${other.port} is taken by another program\nStop that program, or choose another port: --port 18791 (0 takes a free one)\n`,
  };
  expect(await runCli(["serve", "--port", `${other.port}`], { home: home.path })).toEqual(refused);
  writeFileSync(join(home.path, "config.toml"), `[gateway]\nport = ${other.port}\n`);
  expect(await runCli(["serve"], { home: home.path })).toEqual(refused);
});

test("two servers do not share a port", async () => {
  await using one = await testFolder();
  await using two = await testFolder();
  await using first = startCli(["serve", "--port", "0"], { home: one.path });
  const [, url = ""] = READY.exec(await first.waitFor(READY))!;
  const { port } = new URL(url);
  const { code, stderr } = await runCli(["serve", "--port", port], { home: two.path });
  expect({ code, first: stderr.split("\n")[0] }).toEqual({
    code: 1,
    first: `Error: Port ${port} is taken by another program`,
  });
});

test("serve ends with code 78 and the lines when config.toml is not valid", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "config.toml"), '[gateway]\nport = "x"\n[log]\nlevl = "info"\n');
  const { code, stdout, stderr } = await runCli(["serve"], { home: home.path });
  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  expect(stderr).toContain("  line 2, gateway.port: must be a number, not a string\n");
  expect(stderr).toContain('  line 4, log.levl: unknown key; did you mean "level"\n');
});

test("serve says when its home is in the way or cannot be had", async () => {
  await using home = await testFolder();
  writeFileSync(join(home.path, "file"), "");
  const inTheWay = await runCli(["serve", "--home", join(home.path, "file")], { home: home.path });
  expect(inTheWay).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error: Something else is in the way at ${JSON.stringify(join(home.path, "file"))}\nMove it away, or choose another folder with --home\n`,
  });
  mkdirSync(join(home.path, "credentials"));
  writeFileSync(join(home.path, "credentials/token"), "short\n", { mode: 0o600 });
  const short = await runCli(["serve", "--port", "0"], { home: home.path });
  expect({ code: short.code, first: short.stderr.split("\n")[0] }).toEqual({
    code: 78,
    first: "Error: The owner's token is shorter than 32 characters",
  });
});

test("serve outlives whoever reads its log", async () => {
  await using home = await testFolder();
  const server = Bun.spawn([process.execPath, join(import.meta.dir, "../../../src/main.ts"), "serve", "--port", "0"], {
    env: { PATH: process.env.PATH ?? "", HOME: home.path, ALEPH_HOME: home.path },
    stdin: "ignore",
    stderr: "pipe",
  });
  try {
    const reader = server.stderr.getReader();
    await reader.read();
    await reader.cancel();
    await until(() => existsSync(join(home.path, "run/server.json")));
    for (const level of ["debug", "info"]) await runCli(["config", "set", "log.level", level], { home: home.path });
    expect((await runCli(["status"], { home: home.path })).code).toBe(0);
  } finally {
    server.kill("SIGKILL");
    await server.exited;
  }
});
