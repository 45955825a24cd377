/** Servers elsewhere: named, reached with this terminal's own key, and known again. */
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { type TestApp, testApp } from "../support/app.ts";
import { hasOpenssl, makeCertificate } from "../support/certificates.ts";
import { openScreen, runCli, startCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startTlsFront } from "../support/tls-front.ts";

const outside = Object.values(networkInterfaces())
  .flat()
  .find((face) => face?.family === "IPv4" && !face.internal)?.address;

async function linkTo({ client, url }: TestApp): Promise<string> {
  const { code } = await client.call("auth.pairing.invite", {});
  return `${url}/#pair=${code}`;
}

async function whoami(home: string, args: readonly string[] = []) {
  const { code, stdout, stderr } = await runCli(["rpc", "auth.whoami", ...args], { home });
  if (code !== 0) return { code, stderr: stderr.split("\n")[0] };
  return JSON.parse(stdout).identity.kind;
}

describe("aleph remote", () => {
  test("adds a server by a link, speaks to it by its name, and makes it the one that is meant", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    const home = folder.path;
    const added = await runCli(["remote", "add", "box", await linkTo(server)], { home });
    expect(added).toEqual({
      code: 0,
      stdout: "",
      stderr: `Added box: ${server.url}, let in as device\nTo speak to it: aleph remote use box, or --remote-name box\n`,
    });
    expect(await whoami(home, ["--remote-name", "box"])).toBe("device");
    expect(await whoami(home)).toBe("owner");
    expect((await runCli(["remote", "use", "box"], { home })).code).toBe(0);
    expect(await whoami(home)).toBe("device");
    expect(await whoami(home, ["--remote-name", "local"])).toBe("owner");
    expect(await whoami(home, ["--home", home])).toBe("owner");
    const listed = await runCli(["remote", "list", "--json"], { home });
    const { instance_id } = server.client.hello.server;
    const url = `${server.url.replace("http", "ws")}/ws`;
    expect(JSON.parse(listed.stdout)).toEqual({
      remotes: [{ name: "box", url, instance_id, pinned: false, current: true }],
    });
    if (process.platform !== "win32") {
      for (const file of ["remotes.json", "credentials/device-key"]) {
        expect(statSync(join(home, file)).mode & 0o777).toBe(0o600);
      }
    }
    expect((await runCli(["completions", "--values", "remotes"], { home })).stdout).toBe("box\nlocal\n");
    expect((await runCli(["remote", "remove", "box"], { home })).code).toBe(0);
    expect(await whoami(home)).toBe("owner");
    expect((await runCli(["remote"], { home })).stderr).toBe("There are none: aleph remote add NAME URL\n");
  });

  test("tells how the remote server does that is meant", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    const home = folder.path;
    await runCli(["remote", "add", "box", await linkTo(server)], { home });
    const statusOf = async (...flags: string[]) => {
      const { code, stdout } = await runCli(["status", "--json", ...flags], { home });
      const { running, url } = JSON.parse(stdout) as { running: boolean; url?: string };
      return { code, running, url };
    };
    expect(await statusOf("--remote-name", "box")).toEqual({ code: 0, running: true, url: server.url });
    expect(await statusOf()).toEqual({ code: 69, running: false, url: undefined });
    await runCli(["remote", "use", "box"], { home });
    expect(await statusOf()).toEqual({ code: 0, running: true, url: server.url });
    expect(await statusOf("--remote-name", "local")).toEqual({ code: 69, running: false, url: undefined });
  });

  test("shows a code and waits until it is approved", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    await using running = startCli(["remote", "add", "box", server.wsUrl], { home: folder.path });
    const shown = await running.waitFor(/pairing approve (\w+)\n/);
    const [, code = ""] = /pairing approve (\w+)\n/.exec(shown)!;
    expect(shown).toContain(`${server.url} does not know this terminal yet. Its code is ${code}\n`);
    const approved = await runCli(["pairing", "approve", code], { home: server.home.path });
    expect(approved.code).toBe(0);
    const { code: exit, stderr } = await running.finished;
    expect({ exit, last: stderr.split("\n").slice(-4, -2) }).toEqual({
      exit: 0,
      last: ["Let in", `Added box: ${server.url}, let in as device`],
    });
  });

  test("gives up when it is turned away, and leaves nothing at Ctrl-C", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    const home = folder.path;
    await using running = startCli(["remote", "add", "box", server.wsUrl], { home });
    const shown = await running.waitFor(/pairing approve (\w+)\n/);
    const [, code = ""] = /pairing approve (\w+)\n/.exec(shown)!;
    await server.client.call("auth.pairing.reject", { pairing: code });
    const { code: exit, stderr } = await running.finished;
    expect({ exit, end: stderr.split("\n").slice(-3) }).toEqual({
      exit: 77,
      end: ["Error: This terminal was turned away, or its code has ended", "Run the command again for a new code", ""],
    });
    await using screen = openScreen(["remote", "add", "box", server.wsUrl], { home });
    await screen.shows("Waiting");
    screen.type("\x03");
    expect(await screen.exited).toBe(130);
    expect((await runCli(["remote"], { home })).stderr).toBe("There are none: aleph remote add NAME URL\n");
  });

  test("says when another server answers than before, and takes it when that is right", async () => {
    await using folder = await testFolder();
    const home = folder.path;
    let port: number;
    {
      await using server = await testApp();
      port = Number(new URL(server.url).port);
      await runCli(["remote", "add", "box", await linkTo(server)], { home });
    }
    await using other = await testApp({ config: { gateway: { port } } });
    const approving = other.client.call("auth.pairing.invite", {});
    await runCli(["rpc", "rpc.ping", "--url", `${other.url}/#pair=${(await approving).code}`], { home });
    const refused = await runCli(["rpc", "rpc.ping", "--remote-name", "box"], { home });
    expect(refused).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'Error: The server of the remote "box" is another one than before\nIf that is right, such as after a new installation: aleph remote trust box\n',
    });
    expect((await runCli(["remote", "trust", "box"], { home })).code).toBe(0);
    expect(await whoami(home, ["--remote-name", "box"])).toBe("device");
  });

  test("a device that is revoked must be let in anew, and what it has open ends", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    const home = folder.path;
    await runCli(["remote", "add", "box", await linkTo(server), "--use"], { home });
    await using following = startCli(["logs", "--follow"], { home });
    await following.waitFor("interface started");
    const [device] = (await server.client.call("auth.devices.list", {})).devices;
    await server.client.call("auth.devices.revoke", { device_id: device!.device_id });
    const { code, stderr } = await following.finished;
    expect({ code, stderr }).toEqual({
      code: 69,
      stderr: `Error: The server at ${server.url} closed the connection\nSee whether it runs: aleph status\n`,
    });
    await using again = startCli(["rpc", "auth.whoami"], { home });
    await again.waitFor("Its code is");
  });

  test("refuses names and addresses that are none, a name twice, and one that is not there", async () => {
    await using server = await testApp();
    await using folder = await testFolder();
    const home = folder.path;
    const says = async (...args: string[]) => {
      const { code, stderr } = await runCli(["remote", ...args], { home });
      return { code, message: stderr.split("\n")[0] };
    };
    const name = (text: string) => ({
      code: 2,
      message: `Error: ${JSON.stringify(text)} cannot be the name of a remote`,
    });
    expect(await says("add", "local", server.url)).toEqual(name("local"));
    expect(await says("add", "a b", server.url)).toEqual(name("a b"));
    expect(await says("add", "box", "ftp://box")).toEqual({
      code: 2,
      message: 'Error: "ftp://box" is not the address of a server',
    });
    expect(await says("add", "box", "ws://127.0.0.1:9")).toMatchObject({ code: 69 });
    await runCli(["remote", "add", "box", await linkTo(server)], { home });
    expect(await says("add", "box", server.url)).toEqual({
      code: 1,
      message: 'Error: There is a remote "box" already',
    });
    for (const command of ["use", "remove", "trust"]) {
      expect(await says(command, "nowhere")).toEqual({ code: 1, message: 'Error: There is no remote "nowhere"' });
    }
  });

  test("says what is wrong with a damaged file", async () => {
    await using folder = await testFolder();
    const home = folder.path;
    for (const text of [
      "{",
      "[]",
      '{"remotes": {"box": {"url": "file:///etc/passwd"}}}',
      '{"remotes": {}, "current": 5}',
    ]) {
      writeFileSync(join(home, "remotes.json"), text);
      const { code, stderr } = await runCli(["remote", "list"], { home });
      expect({ code, first: stderr.split("\n")[0] }).toEqual({
        code: 78,
        first: "Error: The file with the remotes is damaged",
      });
    }
    rmSync(join(home, "remotes.json"));
    await using server = await testApp();
    await runCli(["remote", "add", "box", await linkTo(server)], { home });
    const key = join(home, "credentials/device-key");
    chmodSync(key, 0o600);
    writeFileSync(key, "not a key");
    const { code } = await runCli(["rpc", "rpc.ping", "--remote-name", "box"], { home });
    expect({ code, key: readFileSync(key, "utf8") }).toEqual({ code: 78, key: "not a key" });
  });
});

describe.skipIf(!hasOpenssl)("aleph remote with a certificate that nobody vouches for", () => {
  test("takes it by its fingerprint alone, and no other one later", async () => {
    await using folder = await testFolder();
    await using certificates = await testFolder();
    const home = folder.path;
    const [first, second] = [
      await makeCertificate(certificates.path, "first"),
      await makeCertificate(certificates.path, "second"),
    ];
    await using server = await testApp({ config: { gateway: { host: "127.0.0.1" } } });
    await using front = startTlsFront(server, first);
    const { port } = front;
    const { code } = await server.client.call("auth.pairing.invite", {});
    const add = (...more: string[]) =>
      runCli(["remote", "add", "box", `https://127.0.0.1:${port}/#pair=${code}`, ...more], { home });

    const unknown = await add();
    expect({ code: unknown.code, first: unknown.stderr.split("\n")[0] }).toEqual({
      code: 77,
      first: "Error: Nobody vouches for the server's certificate",
    });
    const [, fingerprint = ""] = /--fingerprint ([0-9A-F:]{95})/.exec(unknown.stderr)!;
    const wrong = await add("--fingerprint", "AB".repeat(32));
    expect(wrong.stderr).toStartWith("Error: The server shows another certificate than the one that is wanted\n");
    expect((await add("--fingerprint", fingerprint.replaceAll(":", "").toLowerCase())).code).toBe(0);
    expect(await whoami(home, ["--remote-name", "box"])).toBe("device");

    await front[Symbol.asyncDispose]();
    await using other = startTlsFront(server, second, port);
    expect(await whoami(home, ["--remote-name", "box"])).toMatchObject({ code: 69 });
    expect(other.requests()).toBe(0);
  });
});

test.skipIf(outside === undefined)("--url to another machine without a token is with this terminal's key", async () => {
  await using server = await testApp({ config: { gateway: { host: outside! } } });
  await using folder = await testFolder();
  const link = await linkTo(server);
  expect(await whoami(folder.path, ["--url", link])).toBe("device");
  expect(await whoami(folder.path, ["--url", server.url])).toBe("device");
});
