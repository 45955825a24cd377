import { expect, test } from "bun:test";
import type { Confinement } from "../../src/sandbox/confinement.ts";
import { seatbeltMethod, seatbeltProfile } from "../../src/sandbox/seatbelt-method.ts";

const confinement: Confinement = {
  read: ["/Users/a/plugin"],
  write: ['/Users/a/o"u\\t'],
  execute: [],
  processes: 1,
  network: "none",
  memoryBytes: 1 << 30,
  fileBytes: 1 << 20,
  openFiles: 64,
};

test("seatbeltProfile denies all that it does not name", () => {
  const profile = seatbeltProfile(confinement, "/opt/aleph");
  const lines = profile.split("\n");
  expect(lines.slice(0, 2)).toEqual(["(version 1)", "(deny default)"]);
  expect(lines.filter((line) => /process-|signal|network|file-write/.test(line))).toEqual([
    "(allow process-info* (target self))",
    "(allow signal (target self))",
    '(allow process-exec (subpath "/opt/aleph"))',
    '(allow file-write* (subpath "/Users/a/o\\"u\\\\t"))',
    '(allow file-write-data (subpath "/dev/null") (subpath "/dev/zero") (subpath "/dev/random") (subpath "/dev/urandom"))',
    "(deny file-write-setugid)",
  ]);
  const readable = lines.find((line) => line.startsWith("(allow file-read* (subpath"));
  expect(readable).toEndWith(' (subpath "/opt/aleph") (subpath "/Users/a/plugin") (subpath "/Users/a/o\\"u\\\\t"))');
});

test("seatbeltProfile allows what the confinement names", () => {
  const lines = seatbeltProfile(
    { ...confinement, processes: 5, execute: ["/bin"], write: [], network: { proxyPort: 8080 } },
    "/opt/aleph",
  ).split("\n");
  expect(lines.filter((line) => /process-|signal|network|file-write/.test(line))).toEqual([
    "(allow process-info* (target self))",
    "(allow signal (target same-sandbox))",
    "(allow process-fork)",
    '(allow process-exec (subpath "/opt/aleph") (subpath "/bin"))',
    '(allow file-write-data (subpath "/dev/null") (subpath "/dev/zero") (subpath "/dev/random") (subpath "/dev/urandom"))',
    "(deny file-write-setugid)",
    '(allow network-outbound (remote tcp "localhost:8080"))',
  ]);
});

test("seatbeltProfile lets commands start what they built, and takes back what they must not change or see", () => {
  const lines = seatbeltProfile(
    {
      ...confinement,
      processes: 5,
      write: ["/w"],
      commands: { keep: ["/w/.bashrc"], hide: ["/w/.ssh"], temporary: "/tmp/t" },
    },
    "/bin/sh",
  ).split("\n");
  expect(lines).toContain('(allow process-exec (subpath "/bin/sh") (subpath "/w"))');
  const order = [
    '(allow file-write* (subpath "/w"))',
    '(deny file-write* (subpath "/w/.bashrc"))',
    '(deny file* (subpath "/w/.ssh"))',
  ];
  // The last rule that fits decides.
  expect(lines.filter((line) => order.includes(line))).toEqual(order);
});

test.skipIf(process.platform === "win32")("seatbeltMethod starts the program in its profile, under its limits", () => {
  const { argv, cwd, env, order } = seatbeltMethod().prepare({
    argv: ["/bin/sh", "-c", "true"],
    cwd: "/",
    env: { A: "b" },
    confinement: { ...confinement, read: [], write: [], cpuSeconds: 3 },
  });
  expect({ argv: argv.map((word, index) => (index === 2 || index === 9 ? "…" : word)), cwd, env, order }).toEqual({
    argv: ["/bin/sh", "-c", "…", "sh", "64", "2048", "3", "/usr/bin/sandbox-exec", "-p", "…", "/bin/sh", "-c", "true"],
    cwd: "/",
    env: { A: "b" },
    order: undefined,
  });
});
