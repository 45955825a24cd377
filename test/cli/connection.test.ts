import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { withClient } from "../../src/cli/connection.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { testApp } from "../support/app.ts";
import { openScreen, runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { testTerminal } from "../support/output.ts";
import { until } from "../support/until.ts";

test("a command uses the server of its home, with the home's token", async () => {
  await using server = await testApp();
  const { code, stdout } = await runCli(["rpc", "system.info"], {
    home: server.home.path,
    env: { ALEPH_TOKEN: "of another server" },
  });
  expect({ code, pid: JSON.parse(stdout).pid }).toEqual({ code: 0, pid: process.pid });
});

test("a command uses the server that --url or ALEPH_URL names, with ALEPH_TOKEN", async () => {
  await using server = await testApp();
  await using other = await testFolder();
  const home = other.path;
  const env = { ALEPH_TOKEN: server.token };
  const named = await runCli(["rpc", "auth.whoami", "--url", server.url], { home, env });
  expect(JSON.parse(named.stdout).identity).toEqual({ id: "owner", kind: "owner" });
  const byEnvironment = await runCli(["rpc", "auth.whoami"], { home, env: { ...env, ALEPH_URL: server.url } });
  expect(byEnvironment).toEqual(named);
  // A home on the command line is meant.
  const { code } = await runCli(["status", "--home", home], { home, env: { ...env, ALEPH_URL: server.url } });
  expect(code).toBe(69);
});

test("a token that is wrong or missing is exit code 77 with what to do", async () => {
  await using server = await testApp();
  await using other = await testFolder();
  const call = (env: Record<string, string>) =>
    runCli(["rpc", "rpc.ping", "--url", server.url], { home: other.path, env });
  expect(await call({})).toEqual({
    code: 77,
    stdout: "",
    stderr: "Error: Credentials are missing\nSet ALEPH_TOKEN to the token in credentials/token of the server's home\n",
  });
  const wrong = await call({ ALEPH_TOKEN: `aleph_own_${"x".repeat(43)}` });
  expect({ code: wrong.code, stderr: wrong.stderr.split("\n")[0] }).toEqual({
    code: 77,
    stderr: "Error: Token is not valid",
  });
});

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((face) => face?.family === "IPv4" && !face.internal)?.address;

test.skipIf(elsewhere === undefined)("the home's token goes to this machine only", async () => {
  await using folder = await testFolder();
  const token = `aleph_own_${"x".repeat(43)}`;
  mkdirSync(join(folder.path, "credentials"));
  writeFileSync(join(folder.path, "credentials/token"), `${token}\n`);
  const got: unknown[] = [];
  using trap = Bun.serve({
    hostname: "0.0.0.0",
    port: 0,
    fetch: (request, self) => (self.upgrade(request, { data: undefined }) ? undefined : new Response("no")),
    websocket: {
      message(socket, frame) {
        const { id, params } = JSON.parse(String(frame));
        got.push(params.auth);
        const error = { code: -32001, message: "No", data: { reason: "unauthenticated" } };
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, error }));
      },
    },
  });
  for (const host of [elsewhere, "127.0.0.1"]) {
    const { code } = await runCli(["rpc", "rpc.ping", "--url", `http://${host}:${trap.port}`], { home: folder.path });
    expect(code).toBe(77);
  }
  expect(got).toEqual([undefined, { token }]);
});

test("no server is exit code 69", async () => {
  await using home = await testFolder();
  expect(await runCli(["logs"], { home: home.path })).toEqual({
    code: 69,
    stdout: "",
    stderr: `Error: No server is running for ${home.path}\nStart it with: aleph serve\n`,
  });
  expect(await runCli(["rpc", "rpc.ping", "--url", "127.0.0.1:9"], { home: home.path })).toEqual({
    code: 69,
    stdout: "",
    stderr: "Error: No server answers at http://127.0.0.1:9\nStart it with: aleph serve\n",
  });
});

test("a server that accepts and says nothing is given up", async () => {
  await using home = await testFolder();
  using silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const invocation = { env: readEnvironment({ HOME: home.path }), terminal: testTerminal() };
  const url = `http://127.0.0.1:${silent.port}`;
  const calling = withClient({ url }, invocation, () => Promise.resolve(1), { handshakeMs: 20 });
  expect(calling).rejects.toThrow(
    expect.objectContaining({
      message: `The server at ${url} does not answer`,
      data: expect.objectContaining({ exit_code: 69 }),
    }),
  );
});

test("a command without a server leaves the home free for the next one", async () => {
  await using home = await testFolder();
  for (const _ of [1, 2]) expect((await runCli(["sessions"], { home: home.path })).code).toBe(0);
});

test("a command waits for another one that uses the home, and says so", async () => {
  await using home = await testFolder();
  await using screen = openScreen(["chat"], { home: home.path });
  await screen.shows("› ");
  await using running = startCli(["rpc", "system.info"], { home: home.path });
  await running.waitFor(`Waiting for another command that uses ${home.path} (pid ${screen.pid})`);
  screen.type("\x04");
  const { code, stdout } = await running.finished;
  expect({ code, pid: JSON.parse(stdout).pid }).toEqual({ code: 0, pid: running.pid });
});

test("a command that only looks leaves open runs as they are", async () => {
  await using home = await testFolder();
  await using server = startCli(["serve", "--port", "0"], { home: home.path, env: { ALEPH_LOG_LEVEL: "info" } });
  await server.waitFor("Aleph is ready");
  await runCli(["rpc", "agent.run", '{"message": "demo"}'], { home: home.path });
  const status = async () =>
    JSON.parse((await runCli(["rpc", "runs.list"], { home: home.path })).stdout).runs[0].status;
  await until(async () => (await status()) === "running");
  server.kill("SIGKILL");
  await server.finished;
  expect(await status()).toBe("running");
});
