/** A server that other machines reach, and terminals that reach it: both the compiled executable, each with a home of its own. */
import { expect } from "bun:test";
import { runExecutable, startExecutable, startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

/** All of 127.0.0.0/8 is this machine on Linux: an address beside loopback's usual one that needs no rights. */
const onLinux = testExecutableIf(process.platform === "linux");
const REMOTE = ["--remote", "--host", "127.0.0.2"];

onLinux("the executable with --remote shows a link with which a terminal is let in, by name from then on", async () => {
  await using folders = new AsyncDisposableStack();
  const [home, away] = [folders.use(await testFolder()).path, folders.use(await testFolder()).path];
  await using server = await startServer({ home, command: [], args: REMOTE });
  const port = new URL(server.url).port;
  expect(server.url).toBe(`http://127.0.0.1:${port}`);
  const link = await until(() => /http:\/\/127\.0\.0\.2:\d+\/#pair=[A-Z0-9]{8}/.exec(server.output())?.[0]);
  expect(link).toStartWith(`http://127.0.0.2:${port}/#pair=`);
  // The same in a picture: half blocks, two modules to a character.
  expect(
    server
      .output()
      .split("\n")
      .filter((line) => /^[█▀▄ ]{33,}$/.test(line)).length,
  ).toBeGreaterThan(15);

  const at = (args: readonly string[]) => runExecutable({ home: away, args });
  expect(await at(["remote", "add", "box", link, "--use"])).toMatchObject({
    code: 0,
    stderr: `Added box: http://127.0.0.2:${port}, let in as device\n`,
  });
  const asked = await at(["chat", "hello there"]);
  expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 0, stderr: "" });
  expect(asked.stdout).toContain("demo provider");

  // The link is used up: another terminal is shown a code of its own.
  const other = folders.use(await testFolder()).path;
  const late = await runExecutable({ home: other, args: ["remote", "add", "box", link] });
  expect(late.code).toBe(77);
  await using waiting = startExecutable({ home: other, args: ["remote", "add", "box", `ws://127.0.0.2:${port}/ws`] });
  const code = await until(() => /pairing approve (\w{8})/.exec(waiting.output())?.[1]);
  expect((await runExecutable({ home, args: ["pairing", "approve", code] })).code).toBe(0);
  expect((await waiting.finished).code).toBe(0);

  // Revoked on the server: what is open there ends at once.
  await using following = startExecutable({ home: away, args: ["logs", "--follow"] });
  await until(() => following.output() !== "");
  const listed = await runExecutable({ home, args: ["devices", "--json"] });
  const { devices } = JSON.parse(listed.stdout) as { devices: { device_id: string; created_at: number }[] };
  expect(devices).toHaveLength(2);
  for (const { device_id } of devices) await runExecutable({ home, args: ["devices", "revoke", device_id] });
  const end = await following.finished;
  expect({ code: end.code, last: end.stderr.split("\n").at(-3) }).toEqual({
    code: 69,
    last: `Error: The server at http://127.0.0.2:${port} closed the connection`,
  });
});

onLinux(
  "the executable with --remote says what to do where there is no tailnet, and never is open to everyone",
  async () => {
    await using folder = await testFolder();
    const start = (args: readonly string[]) =>
      runExecutable({ home: folder.path, args: ["serve", "--port", "0", ...args], env: { PATH: "/nowhere" } });
    const everywhere = await start(["--remote", "--host", "0.0.0.0"]);
    expect({ code: everywhere.code, stderr: everywhere.stderr.split("\n")[0] }).toEqual({
      code: 78,
      stderr: 'Error: --remote listens on no address that is not named, and "0.0.0.0" is all',
    });
    await Bun.write(`${folder.path}/config.toml`, '[auth]\nmode = "none"\n');
    const open = await start(REMOTE);
    expect({ code: open.code, stderr: open.stderr.split("\n")[0] }).toEqual({
      code: 78,
      stderr: 'Error: --remote demands authentication, and auth.mode is "none"',
    });
  },
);
