#!/usr/bin/env node
// Starts the executable of this platform, which npm installed beside this package.
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");

// Debian may have the loader of musl as one of two, and not every system has a /lib; Node knows what it runs on itself.
const isMusl = process.platform === "linux" && !runsOnGlibc();
const system = process.platform === "win32" ? "windows" : process.platform;
const name = `@aleph-server/${system}-${process.arch}${isMusl ? "-musl" : ""}`;

function runsOnGlibc() {
  // Looking for names of the network's addresses can take long.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

function find() {
  try {
    return require.resolve(`${name}/bin/aleph-server${system === "windows" ? ".exe" : ""}`);
  } catch {
    return undefined;
  }
}

const executable = find();
if (executable === undefined || !existsSync(executable)) {
  console.error(`aleph-server: the package ${name} is not installed`);
  console.error("Install again without --omit=optional; if there is no such package, this platform is not supported");
  process.exit(1);
}
// Signals that are sent to this process alone, as a service manager does, are handed on. A terminal sends its own to both, and
// a second Ctrl-C would mean: at once.
const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
process.on("SIGTERM", () => child.kill("SIGTERM"));
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => hasTerminal || child.kill(signal));
// Behind that: what is sent as soon as the server speaks must not end this process alone.
const child = spawn(executable, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
child.on("error", (error) => {
  console.error(`aleph-server: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
