/** A server to be killed: starts a confined program of as many processes as its argument says, and prints their ids. */
import { landlockMethod } from "../../../src/sandbox/linux/landlock-method.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";

const processes = Number(process.argv[2]);
const sandbox = createSandbox({ methods: (program) => [landlockMethod(program)] });
const script = processes === 1 ? "echo ready; read never" : "(trap '' TERM HUP; sleep 60) & echo $!; wait";
const child = await sandbox.start({
  argv: ["/bin/sh", "-c", script],
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
for await (const chunk of child.stdout) {
  const [first = ""] = new TextDecoder().decode(chunk).split("\n");
  console.log(processes === 1 ? child.pid : `${child.pid} ${first}`);
}
