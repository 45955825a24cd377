import { expect, test } from "bun:test";
import { bubblewrapArguments } from "../../../src/sandbox/linux/bubblewrap-method.ts";

const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

test("bubblewrapArguments show what is named, a folder before what is in it, and nothing else", () => {
  const system = { read: ["/usr/lib", "/proc/cpuinfo"], loaders: ["/lib64/ld-linux-x86-64.so.2", "/usr/lib/ld.so"] };
  const args = bubblewrapArguments(
    { read: ["/home/a/plugin", "/home/a/plugin/out/kept"], write: ["/home/a/plugin/out"], execute: ["/usr/bin/aleph"] },
    system,
  );
  expect(args).toEqual([
    "--unshare-all",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    "--proc",
    "/proc",
    ...DEVICES.flatMap((path) => ["--dev-bind-try", path, path]),
    ...["--ro-bind", "/usr/lib", "/usr/lib"],
    ...["--ro-bind", "/usr/bin/aleph", "/usr/bin/aleph"],
    ...["--ro-bind", "/home/a/plugin", "/home/a/plugin"],
    ...["--bind", "/home/a/plugin/out", "/home/a/plugin/out"],
    ...["--ro-bind", "/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"],
    "--remount-ro",
    "/",
  ]);
});
