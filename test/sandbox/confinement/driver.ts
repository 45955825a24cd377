/**
 * A stand-in for the server, to be started as any user: sets the scene, lets the attack program loose in a sandbox and
 * prints its report. `driver.ts {program, level, namespaces}`.
 */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINE_ENV } from "../../../src/sandbox/engine-env.ts";
import { bubblewrapMethod } from "../../../src/sandbox/linux/bubblewrap-method.ts";
import { openKernel } from "../../../src/sandbox/linux/kernel.ts";
import { landlockMethod } from "../../../src/sandbox/linux/landlock-method.ts";
import type { OwnProgram } from "../../../src/sandbox/own-program.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { forbidNamespaces } from "./forbid-namespaces.ts";
import type { AttackReport, AttackScene } from "./scene.ts";

export interface DriverOptions {
  readonly program: OwnProgram;
  readonly level: "kernel" | "namespace" | "none";
  /** Not to be had, as in a container. */
  readonly withoutNamespaces?: boolean;
}

export interface DriverReport extends AttackReport {
  readonly level: string;
  readonly reason: string;
  readonly exit: { readonly exitCode: number | null; readonly signal: string | null };
  readonly stderr: string;
}

const { program, level, withoutNamespaces } = JSON.parse(process.argv[2] ?? "") as DriverOptions;
if (withoutNamespaces) forbidNamespaces();

const folder = realpathSync(mkdtempSync(join(tmpdir(), "aleph-attack-")));
const [readable, writable, outside] = ["readable", "writable", "outside"].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
for (const path of [readable, writable, outside]) mkdirSync(path);
writeFileSync(join(readable, "data"), "data");
for (const name of ["secret", "removable", "movable", "long"]) writeFileSync(join(outside, name), "secret");
symlinkSync(join(outside, "secret"), join(readable, "link"));
const ignore = { data: () => undefined };
using tcp = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: ignore });
using unix = Bun.listen({ unix: join(outside, "socket"), socket: ignore });
const abstract = `aleph-${process.pid}`;
using hidden = Bun.listen({ unix: `\0${abstract}`, socket: ignore });
void unix;
void hidden;
bindDatagrams(join(outside, "datagrams"));

const env = { ...ENGINE_ENV, BUN_BE_BUN: "1", GREETING: "hello" };
const scene: AttackScene = {
  readable,
  writable,
  outside,
  server: process.pid,
  user: process.getuid?.() ?? -1,
  priority: getPriority(),
  port: tcp.port,
  abstract,
  variables: JSON.stringify(Object.keys(env).toSorted()),
};
const sandbox = createSandbox({
  program,
  methods: (own) => ({ kernel: [landlockMethod(own)], namespace: [bubblewrapMethod(own)], none: [] })[level],
});
const root = join(import.meta.dir, "../../..");
try {
  await using child = await sandbox.start({
    argv: [program.bun, join(import.meta.dir, "attacks.ts"), JSON.stringify(scene)],
    cwd: writable,
    env,
    mayRunUnsandboxed: level === "none",
    confinement: {
      read: [readable, join(root, "src"), join(root, "test/sandbox/confinement")],
      write: [writable],
      execute: [],
      processes: 1,
      network: "none",
      memoryBytes: 1 << 30,
      fileBytes: 1 << 20,
      openFiles: 256,
    },
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const exit = await child.exited;
  const { reason } = await sandbox.report();
  const attack = stdout === "" ? {} : (JSON.parse(stdout) as AttackReport);
  console.log(JSON.stringify({ level: child.level, reason, exit, stderr, ...attack }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

/** A datagram socket that anybody may send to. */
function bindDatagrams(path: string): void {
  const kernel = openKernel();
  const address = new Uint8Array(110);
  new DataView(address.buffer).setUint16(0, 1, true);
  address.set(Buffer.from(path), 2);
  kernel.must("bind", kernel.must("socket", 1, 2, 0), address, 110);
}
