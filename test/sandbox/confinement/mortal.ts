/** A server to be killed: starts a confined program of as many processes as its argument says, and prints their ids. */
import { landlockMethod } from "../../../src/sandbox/linux/landlock-method.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";

const processes = Number(process.argv[2]);
const sandbox = createSandbox({ methods: (program) => [landlockMethod(program)] });
const script = "(trap '' TERM HUP; sleep 60) & echo $!; wait";
const child = await sandbox.start({
  argv: processes === 1 ? ["/bin/sleep", "60"] : ["/bin/sh", "-c", script],
  cwd: "/",
  env: {},
  confinement: {
    read: [],
    write: [],
    execute: processes === 1 ? [] : ["/bin", "/usr/bin"],
    processes,
    network: "none",
    memoryBytes: 1 << 30,
    fileBytes: 1 << 20,
    openFiles: 64,
  },
});
if (processes === 1) console.log(child.pid);
for await (const chunk of child.stdout) console.log(`${child.pid} ${new TextDecoder().decode(chunk).trim()}`);
