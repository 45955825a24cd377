import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import type { Confinement } from "../../src/sandbox/confinement.ts";
import { ENGINE_ENV } from "../../src/sandbox/engine-env.ts";
import { bubblewrapMethod } from "../../src/sandbox/linux/bubblewrap-method.ts";
import { landlockMethod } from "../../src/sandbox/linux/landlock-method.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { hasBubblewrap, hasLandlock } from "./confinement/possible.ts";

const kernel = createSandbox({ methods: (program) => [landlockMethod(program)] });
const namespace = createSandbox({ methods: (program) => [bubblewrapMethod(program)] });
const nothing = createSandbox({ methods: () => [] });
const testKernel = test.skipIf(!hasLandlock);
const testNamespace = test.skipIf(!hasBubblewrap);

const SANDBOXES = [
  ["Landlock", kernel, hasLandlock],
  ["bubblewrap", namespace, hasBubblewrap],
  ["no sandbox", nothing, process.platform === "linux"],
] as const;

const PROGRAMS = ["/bin", "/usr/bin"];
const BUN_ENV = { ...ENGINE_ENV, BUN_BE_BUN: "1" };

const confinement = (override: Partial<Confinement> = {}): Confinement => ({
  read: [],
  write: [],
  execute: [],
  processes: 1,
  network: "none",
  memoryBytes: 1 << 30,
  fileBytes: 1 << 20,
  openFiles: 64,
  ...override,
});

/** Of a shell that may start the programs of the system. */
const many = (override: Partial<Confinement> = {}) => confinement({ processes: 60, execute: PROGRAMS, ...override });

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

async function run(
  argv: readonly string[],
  { sandbox = kernel, cwd = "/", env = {}, limits = confinement(), stdin = "" } = {},
): Promise<Ran> {
  await using child = await sandbox.start({
    argv,
    cwd,
    env,
    confinement: limits,
    mayRunUnsandboxed: sandbox === nothing,
  });
  child.stdin.write(stdin);
  await child.stdin.end();
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr, ...(await child.exited) };
}

const shell = (script: string, options: Parameters<typeof run>[1] = {}) =>
  run(["/bin/sh", "-c", script], { limits: many(), ...options });

const script = (code: string, limits: Confinement = confinement()) =>
  run([process.execPath, "-e", code], { env: BUN_ENV, limits });

/** What start throws, without its cause. */
async function refusal(starting: Promise<unknown>): Promise<{ reason: unknown; message: unknown; data: unknown }> {
  const error = await starting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { reason, message, data } = error as { reason?: unknown; message?: unknown; data?: unknown };
  return { reason, message, data };
}

testKernel("report names Landlock and seccomp after it has tried them out", async () => {
  const { level, reason } = await kernel.report();
  expect({ level, reason: reason.replace(/\d+/, "N") }).toEqual({
    level: "kernel",
    reason: "Landlock and seccomp (ABI N), tried out",
  });
});

test("report says that nothing is known where nothing is", async () => {
  expect(await nothing.report()).toEqual({
    level: "none",
    reason: "No way to confine a process is known for this system",
  });
});

testKernel("report does not call a sandbox one that lets an attack through", async () => {
  const leaky = createSandbox({
    methods: (program) => {
      const landlock = landlockMethod(program);
      return [
        {
          ...landlock,
          prepare(command) {
            const prepared = landlock.prepare(command);
            const { order } = prepared;
            return order ? { ...prepared, order: { ...order, system: [...order.system, "/tmp"] } } : prepared;
          },
        },
      ];
    },
  });
  expect(await leaky.report()).toEqual({
    level: "none",
    reason:
      "Landlock and seccomp: it let a confined process read a file, read through a link, read through /proc, read a folder",
  });
});

test("report says what is missing for each way", async () => {
  const sandbox = createSandbox({
    methods: (program) => [{ ...landlockMethod(program), obstacle: () => "the kernel is too old" }],
  });
  expect(await sandbox.report()).toEqual({ level: "none", reason: "Landlock and seccomp: the kernel is too old" });
});

test("start refuses where nothing can be enforced, and names the way out", async () => {
  const starting = nothing.start({ argv: ["/bin/true"], cwd: "/", env: {}, confinement: confinement() });
  expect(await refusal(starting)).toEqual({
    reason: "sandbox_denied",
    message: "This machine cannot confine a process",
    data: {
      sandbox: "No way to confine a process is known for this system",
      hint: 'The owner can let a plugin run all the same, in config.toml: [extensions] allow_unsandboxed = ["id"]',
    },
  });
});

test("start runs a program unconfined where its owner said so, and says that it is", async () => {
  await using child = await nothing.start({
    argv: ["/bin/cat"],
    cwd: "/",
    env: {},
    confinement: confinement(),
    mayRunUnsandboxed: true,
  });
  child.stdin.write("hello");
  await child.stdin.end();
  const stdout = await new Response(child.stdout).text();
  expect({ level: child.level, stdout, exit: await child.exited }).toEqual({
    level: "none",
    stdout: "hello",
    exit: { exitCode: 0, signal: null },
  });
});

testKernel(
  "start gives the program its input, output, arguments, folder and environment, and nothing else",
  async () => {
    await using folder = await testFolder();
    const ran = await shell('cat; echo err >&2; echo "$0 $1" "$(pwd)"; /usr/bin/env; ls /proc/self/fd; exit 7', {
      cwd: folder.path,
      env: { GREETING: "hello world" },
      stdin: "input\n",
      limits: many({ read: [folder.path] }),
    });
    expect(ran).toEqual({
      stdout: `input\n/bin/sh  ${folder.path}\nGREETING=hello world\nPWD=${folder.path}\n0\n1\n2\n3\n4\n`,
      stderr: "err\n",
      exitCode: 7,
      signal: null,
    });
  },
);

for (const [name, sandbox, possible] of SANDBOXES.filter(([name]) => name !== "no sandbox")) {
  test.skipIf(!possible)(
    `start in ${name} lets a shell start what it may, programs and scripts, and nothing else`,
    async () => {
      await using folder = await testFolder();
      const [tools, data] = [join(folder.path, "tools"), join(folder.path, "data")];
      mkdirSync(tools);
      mkdirSync(data);
      for (const path of [join(tools, "hello"), join(data, "hello")]) {
        writeFileSync(path, "#!/bin/sh\necho hello from $(basename $(dirname $0))\n");
        await chmod(path, 0o755);
      }
      const limits = many({ execute: [...PROGRAMS, tools], read: [data], write: [] });
      const ran = await shell(`echo one | cat | tr a-z A-Z; ${tools}/hello; ${data}/hello; echo $?`, {
        sandbox,
        limits,
      });
      expect({ ...ran, stderr: ran.stderr.replace(/^.*: /gm, "") }).toEqual({
        stdout: sandbox === kernel ? "ONE\nhello from tools\n126\n" : ran.stdout,
        stderr: sandbox === kernel ? "Permission denied\n" : ran.stderr.replace(/^.*: /gm, ""),
        exitCode: 0,
        signal: null,
      });
    },
  );

  test.skipIf(!possible)(`start in ${name} shows a folder to read, and one to write`, async () => {
    await using folder = await testFolder();
    const [read, write] = [join(folder.path, "read"), join(folder.path, "write")];
    mkdirSync(read);
    mkdirSync(write);
    writeFileSync(join(read, "file"), "text");
    writeFileSync(join(folder.path, "secret"), "secret");
    const ran = await shell(
      `cat ${read}/file; echo made > ${write}/file; cat ${write}/file; cat ${folder.path}/secret; echo x > ${read}/file; echo x > ${folder.path}/new`,
      { sandbox, limits: many({ read: [read], write: [write] }) },
    );
    expect(ran.stdout).toBe("textmade\n");
    expect(ran.stderr.trim().split("\n")).toHaveLength(3);
    expect(readFileSync(join(write, "file"), "utf8")).toBe("made\n");
    expect(readFileSync(join(read, "file"), "utf8")).toBe("text");
    expect(existsSync(join(folder.path, "new"))).toBe(false);
  });
}

testKernel("start lets a program with one process start none, threads excepted", async () => {
  const { stdout } = await run(["/bin/sh", "-c", "echo alone; /bin/true; echo not here"], {
    limits: confinement({ execute: PROGRAMS }),
  });
  expect(stdout).toBe("alone\n");
});

testKernel("start gives a program with one process a bounded number of threads", async () => {
  await using child = await kernel.start({
    argv: ["/bin/sh", "-c", "ulimit -p 2>/dev/null || ulimit -u"],
    cwd: "/",
    env: {},
    confinement: confinement(),
  });
  const limit = Number(await new Response(child.stdout).text());
  const everybody = Number(/\/(\d+)/.exec(readFileSync("/proc/loadavg", "latin1"))?.[1]);
  expect(limit).toBeGreaterThanOrEqual(512);
  expect(limit).toBeLessThan(everybody + 1024);
});

testKernel("start lets as many processes run as it was told", async () => {
  const bomb = "n=0; while [ $n -lt 200 ]; do sleep 60 & n=$((n+1)); done; echo all";
  const ran = await shell(bomb, { limits: many({ processes: 20 }) });
  expect({ stdout: ran.stdout, stderr: /fork/i.test(ran.stderr) }).toEqual({ stdout: "", stderr: true });
});

testKernel("start ends a fork bomb with all of its processes", async () => {
  await using child = await kernel.start({
    argv: ["/bin/sh", "-c", "bomb() { bomb | bomb & sleep 60; }; (bomb) & read never"],
    cwd: "/",
    env: {},
    confinement: many({ processes: 40 }),
  });
  await until(() => membersOf(child.pid).length > 5);
  await child[Symbol.asyncDispose]();
  expect(membersOf(child.pid)).toEqual([]);
});

testKernel("start stops a program at its limit of memory", async () => {
  const { stdout } = await script(
    `const kept = [];
     try { for (let i = 0; i < 100; i++) kept.push(new Uint8Array(64 << 20).fill(1)); console.log("all"); }
     catch { console.log(kept.length > 0 && kept.length < 20 ? "stopped" : kept.length); }`,
  );
  expect(stdout).toBe("stopped\n");
});

testKernel("start stops a file at its limit", async () => {
  await using folder = await testFolder();
  const { stdout } = await shell("head -c 3000000 /dev/zero > big; wc -c < big", {
    cwd: folder.path,
    limits: many({ write: [folder.path], fileBytes: 1 << 20 }),
  });
  expect(stdout).toBe(`${1 << 20}\n`);
});

testKernel("start stops a program that opens too many files", async () => {
  const { stdout } = await script(
    `const fs = require("fs"); let n = 0;
     try { for (; n < 1000; n++) fs.openSync("/dev/null"); } catch (error) { console.log(error.code, n < 64); }`,
  );
  expect(stdout).toBe("EMFILE true\n");
});

testKernel("start stops a program that has used up its processor time", async () => {
  const { signal } = await script("for (;;);", confinement({ cpuSeconds: 1 }));
  expect(signal).toBe("SIGKILL");
});

testKernel("start lets a program call one port and no other, and make no other socket", async () => {
  using open = Bun.serve({ hostname: "127.0.0.1", port: 0, development: false, fetch: () => new Response("through") });
  using closed = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch: () => new Response("escaped"),
  });
  const code = `
    const ask = (port) => fetch("http://127.0.0.1:" + port).then((r) => r.text(), (e) => "refused");
    const attempt = async (make) => { try { await make(); return "made"; } catch { return "refused"; } };
    console.log(await ask(${open.port}), await ask(${closed.port}),
      await attempt(() => Bun.udpSocket({})),
      await attempt(() => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })),
      await attempt(() => Bun.connect({ unix: "/run/docker.sock", socket: { data() {} } })));`;
  const { stdout } = await script(code, confinement({ network: { proxyPort: open.port! } }));
  expect(stdout).toBe("through refused refused refused refused\n");
});

testNamespace("start in bubblewrap refuses a network that it cannot confine", async () => {
  const starting = namespace.start({
    argv: ["/bin/true"],
    cwd: "/",
    env: {},
    confinement: confinement({ network: { proxyPort: 80 } }),
  });
  expect(await refusal(starting)).toEqual({
    reason: "sandbox_denied",
    message: "Without Landlock connections cannot be confined to one port",
    data: {},
  });
});

testKernel("start says which program, folder or path is not there", async () => {
  const start = (argv: readonly string[], cwd: string, limits: Confinement) =>
    refusal(kernel.start({ argv, cwd, env: {}, confinement: limits }));
  expect([
    await start(["/no/such/program"], "/", confinement()),
    await start(["/bin/true"], "/no/such/folder", confinement()),
    await start(["/bin/true"], "/", confinement({ read: ["/no/such/data"] })),
  ]).toEqual([
    { reason: "not_found", message: 'Program "/no/such/program" cannot be started', data: {} },
    { reason: "not_found", message: 'Folder "/no/such/folder" is not there', data: {} },
    { reason: "not_found", message: '"/no/such/data" is not there', data: {} },
  ]);
});

testKernel("start refuses a path that leads through a link: it may lead elsewhere since it was approved", async () => {
  await using folder = await testFolder();
  symlinkSync("/etc", join(folder.path, "data"));
  for (const kind of ["read", "write"] as const) {
    const limits = confinement({ [kind]: [join(folder.path, "data")] });
    expect(await refusal(kernel.start({ argv: ["/bin/true"], cwd: "/", env: {}, confinement: limits }))).toEqual({
      reason: "sandbox_denied",
      message: `Cannot open "${join(folder.path, "data")}": ELOOP`,
      data: {},
    });
  }
});

testKernel("start lets nothing write where the machine itself is ruled from", async () => {
  for (const path of ["/", "/proc/sys", "/sys", "/dev"]) {
    const limits = confinement({ write: [path] });
    expect(await refusal(kernel.start({ argv: ["/bin/true"], cwd: "/", env: {}, confinement: limits }))).toEqual({
      reason: "sandbox_denied",
      message: `Nothing confined may write in "${path}"`,
      data: {},
    });
  }
});

testKernel("start says that what is no program cannot be started", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "broken");
  writeFileSync(path, "\u007fELF broken");
  await chmod(path, 0o755);
  expect(await refusal(kernel.start({ argv: [path], cwd: "/", env: {}, confinement: confinement() }))).toEqual({
    reason: "sandbox_denied",
    message: "The program cannot be started: ENOEXEC",
    data: {},
  });
});

testKernel("start puts nothing of the order where other users can see it", async () => {
  await using child = await kernel.start({
    argv: ["/bin/cat"],
    cwd: "/",
    env: { SECRET: "of the program" },
    confinement: confinement(),
  });
  expect(readFileSync(`/proc/${child.pid}/cmdline`, "utf8")).toBe("/bin/cat\0");
  expect(readFileSync(`/proc/${child.pid}/environ`, "utf8")).toBe("SECRET=of the program\0");
});

testKernel("kill asks politely, or ends the whole group", async () => {
  await using child = await kernel.start({
    argv: ["/bin/sh", "-c", "trap 'echo asked' TERM; sleep 60 & echo ready; wait; echo on; sleep 60"],
    cwd: "/",
    env: {},
    confinement: many(),
  });
  const output = lines(child.stdout);
  expect(await output.next()).toBe("ready");
  child.kill("SIGTERM");
  expect(await output.next()).toBe("asked");
  child.kill("SIGKILL");
  expect(await child.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
  child.kill();
});

for (const [name, sandbox, possible] of SANDBOXES) {
  test.skipIf(!possible)(
    `disposing in ${name} ends what ignores signals, leads a session or was left behind`,
    async () => {
      // Told apart from all other sleepers by how long they sleep.
      const seconds = String(100_000 + Math.floor(Math.random() * 100_000));
      const child = await sandbox.start({
        argv: [
          "/bin/sh",
          "-c",
          `trap '' TERM HUP; (trap '' TERM HUP; sleep ${seconds}; sleep ${seconds}) & setsid sleep ${seconds} & (sleep ${seconds} &) ; echo ready; sleep ${seconds}`,
        ],
        cwd: "/",
        env: { PATH: "/usr/bin:/bin" },
        confinement: many(),
        mayRunUnsandboxed: sandbox === nothing,
      });
      expect(await lines(child.stdout).next()).toBe("ready");
      await until(() => sleepersOf(seconds).length >= 3);
      await child[Symbol.asyncDispose]();
      await until(() => sleepersOf(seconds).length === 0, 1_000);
    },
  );
}

for (const [name, sandbox, possible] of SANDBOXES) {
  test.skipIf(!possible)(`what a program in ${name} left behind ends with it`, async () => {
    const seconds = sleepingTime();
    const child = await sandbox.start({
      argv: ["/bin/sh", "-c", `sleep ${seconds} >/dev/null 2>&1 & echo ready; read end`],
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      confinement: many(),
      mayRunUnsandboxed: sandbox === nothing,
    });
    expect(await lines(child.stdout).next()).toBe("ready");
    await until(() => sleepersOf(seconds).length === 1);
    await child.stdin.end();
    await child.exited;
    await until(() => sleepersOf(seconds).length === 0);
    await child[Symbol.asyncDispose]();
  });
}

for (const [level, processes, possible] of [
  ["kernel", 1, hasLandlock],
  ["kernel", 60, hasLandlock],
  ["namespace", 1, hasBubblewrap],
  ["namespace", 60, hasBubblewrap],
] as const) {
  test.skipIf(!possible)(
    `a program of level ${level} with ${processes} at most ends when the server is killed`,
    async () => {
      const seconds = sleepingTime();
      const words = [level, String(processes), seconds];
      const server = Bun.spawn([process.execPath, join(import.meta.dir, "confinement/mortal.ts"), ...words], {
        env: {},
        stdout: "pipe",
        stderr: "inherit",
      });
      await until(() => sleepersOf(seconds).length === (processes === 1 ? 1 : 2));
      server.kill("SIGKILL");
      await server.exited;
      await until(() => sleepersOf(seconds).length === 0);
    },
  );
}

testKernel("start leaves no file open behind", async () => {
  const open = () => readdirSync("/proc/self/fd").length;
  await run(["/bin/true"]);
  await shell("true");
  const before = open();
  for (let round = 0; round < 5; round++) {
    await run(["/bin/true"]);
    await shell("true");
    await refusal(
      kernel.start({ argv: ["/bin/true"], cwd: "/", env: {}, confinement: confinement({ read: ["/no"] }) }),
    );
  }
  Bun.gc(true);
  expect(open()).toBeLessThanOrEqual(before);
});

function membersOf(group: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, , its] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(its) === group && state !== "Z";
    } catch {
      // Ended in between.
      return false;
    }
  });
}

/** Of sleepers that are told apart from all others by how long they sleep. */
function sleepingTime(): string {
  return String(100_000 + Math.floor(Math.random() * 1_000_000));
}

function sleepersOf(seconds: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").endsWith(`sleep\0${seconds}\0`);
    } catch {
      // Ended in between.
      return false;
    }
  });
}

/** Lines as they come. */
function lines(stream: ReadableStream<Uint8Array>): { next(): Promise<string | undefined> } {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    async next() {
      for (;;) {
        const end = text.indexOf("\n");
        if (end >= 0) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          return line;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += decoder.decode(value, { stream: true });
      }
    },
  };
}
