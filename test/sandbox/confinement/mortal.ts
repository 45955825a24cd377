/** A server to be killed, `mortal.ts LEVEL PROCESSES SECONDS`: starts a confined program that sleeps, alone or with a child. */
import { bubblewrapMethod } from "../../../src/sandbox/linux/bubblewrap-method.ts";
import { landlockMethod } from "../../../src/sandbox/linux/landlock-method.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";

const [level, processes, seconds = ""] = process.argv.slice(2);
const sandbox = createSandbox({
  methods: (program) => [level === "kernel" ? landlockMethod(program) : bubblewrapMethod(program)],
});
const script = `(trap '' TERM HUP; exec sleep ${seconds}) & exec sleep ${seconds}`;
const child = await sandbox.start({
  argv: processes === "1" ? ["/bin/sleep", seconds] : ["/bin/sh", "-c", script],
  cwd: "/",
  env: { PATH: "/usr/bin:/bin" },
  confinement: {
    read: [],
    write: [],
    execute: processes === "1" ? [] : ["/bin", "/usr/bin"],
    processes: Number(processes),
    network: "none",
    memoryBytes: 1 << 30,
    fileBytes: 1 << 20,
    openFiles: 64,
  },
});
await child.exited;
