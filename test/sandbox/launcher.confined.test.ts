/** What holds for a command as a whole: its limits, its end, what it may not leave behind, its way to the network. */
import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { LaunchOptions, StartOptions } from "../../src/sandbox/launcher.ts";
import { commandMethods, createSandbox } from "../../src/sandbox/sandbox.ts";
import { commandSandbox, noSandbox, type TestLauncherOptions, testLauncher } from "../support/launcher.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";
import { testWorkspace } from "../support/workspace.ts";
import { hasBubblewrap, hasLandlock } from "./confinement/possible.ts";

const testConfined = test.skipIf(!hasLandlock);
const signal = new AbortController().signal;

/** As in a container, where nothing can be mounted. */
const withoutMounts = createSandbox({
  methods: (program) => commandMethods(program).filter(({ keeps }) => keeps === undefined),
});
const SANDBOXES = hasBubblewrap
  ? ([
      ["in namespaces", commandSandbox],
      ["without namespaces", withoutMounts],
    ] as const)
  : ([["without namespaces", withoutMounts]] as const);

async function setUp(options: Partial<TestLauncherOptions> = {}) {
  const workspace = await testWorkspace();
  const launcher = testLauncher({ ...workspace, ...options });
  const where = { cwd: workspace.path, workspace: workspace.path, writes: true, network: [], signal };
  const work = (script: string) => ({ mode: "shell", argv: ["/bin/bash", "-c", script] }) as const;
  const run = (script: string, override: Partial<LaunchOptions> = {}) =>
    launcher.run(work(script), { ...where, onOutput: () => {}, ...override });
  const start = (script: string, override: Partial<StartOptions> = {}) =>
    launcher.start(work(script), { ...where, onOutput: () => {}, ...override });
  return Object.assign(workspace, { launcher, where, work, run, start });
}

/** A number that no other process has in its command line. */
const newMark = () => `6${Math.floor(Math.random() * 1e8)}.5`;

async function processesWith(mark: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
  return lines.filter((line) => line.includes(mark)).length;
}

for (const [where, sandbox] of SANDBOXES) {
  testConfined(`run leaves nothing behind, however it was detached, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const mark = newMark();
    const { output } = await t.run(
      `sleep ${mark} & (setsid sleep ${mark} &) ; nohup sleep ${mark} >/dev/null 2>&1 & (trap '' TERM HUP; sleep ${mark}) & bash -c "(sleep ${mark} &) &"; sleep 0.1; echo done`,
    );
    expect(output).toEndWith("done\n");
    expect(await processesWith(mark)).toBe(0);
  });

  testConfined(`run ends what ignores SIGTERM, and lets the rest of it finish its work, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const mark = newMark();
    const polite = await t.run("trap 'echo bye; exit 3' TERM; echo begun; while :; do sleep 0.05; done", {
      timeoutMs: 600,
    });
    expect(polite).toMatchObject({
      exitCode: 3,
      output: expect.stringMatching(/^begun\n(?:Terminated\n)?bye\n$/),
      timedOut: true,
    });
    const stubborn = await t.run(`trap '' TERM; (trap '' TERM; sleep ${mark}); sleep ${mark}`, { timeoutMs: 300 });
    expect(stubborn).toMatchObject({ timedOut: true });
    expect(await processesWith(mark)).toBe(0);
  });

  testConfined(`run ends a fork bomb, ${where}`, async () => {
    await using t = await setUp({ sandbox, limits: { processes: 64 } });
    const mark = newMark();
    await t.run(`bomb() { sleep ${mark} | bomb & }; bomb; sleep 1`, { timeoutMs: 3000 });
    expect(await processesWith(mark)).toBe(0);
  });

  testConfined(`run ends what takes too much memory, alone or together, ${where}`, async () => {
    await using t = await setUp({ sandbox, limits: { memory_limit: 128 * 1024 * 1024 } });
    const alone = await t.run("head -c 400M /dev/zero | tail -c 399M | wc -c");
    expect(alone.output).not.toContain("418381824");
    const together = await t.run(
      "for i in 1 2 3; do (head -c 90M /dev/zero | tail -c 89M | (sleep 2; wc -c)) & done; wait",
    );
    expect(together.overuse).toBe("it used more than 128 MB of memory");
  });

  testConfined(`run keeps the ends of a flood of output, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const { output, truncated } = await t.run("echo first; yes | head -c 30000000; echo last");
    expect({ truncated, first: output.startsWith("first\n"), last: output.endsWith("last\n") }).toEqual({
      truncated: true,
      first: true,
      last: true,
    });
    expect(output.length).toBeLessThan(11_000);
  });

  testConfined(`run lets no command change what others start later, there or not, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    await mkdir(join(t.path, ".git/hooks"), { recursive: true });
    await t.write(".git/config", "[core]\n");
    await t.write(".git/hooks/pre-commit", "mine");
    await t.write(".profile", "mine");
    await mkdir(join(t.path, "sub/.git"), { recursive: true });
    await t.run(
      "echo bad > .git/hooks/pre-commit; echo bad > .git/hooks/post-commit; echo bad >> .git/config; rm -f .profile",
    );
    await t.run("mv .git moved; mkdir -p .git/hooks; echo bad > .git/hooks/pre-commit; mv .profile moved-too");
    await t.run(
      "rm -rf .git; ln -s /tmp .git; echo bad > .bashrc; ln -s /etc/passwd .zshrc; mkdir .aleph; echo bad > .envrc",
    );
    await t.run("echo bad > sub/.git/config; mkdir -p sub/.git/hooks; echo bad > sub/.git/hooks/pre-push");
    const read = async (name: string) => await readFile(join(t.path, name), "utf8").catch(() => undefined);
    expect({
      config: await read(".git/config"),
      hook: await read(".git/hooks/pre-commit"),
      hooks: await readdir(join(t.path, ".git/hooks")),
      profile: await read(".profile"),
      absent: await Promise.all([".bashrc", ".zshrc", ".envrc", ".aleph/x", "sub/.git/config"].map(read)),
    }).toEqual({
      config: "[core]\n",
      hook: "mine",
      hooks: ["pre-commit"],
      profile: "mine",
      absent: [undefined, undefined, undefined, undefined, undefined],
    });
  });

  testConfined(`run tells what it undid, and keeps it under another name, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const { undone } = await t.run("echo bad > .bashrc; echo good > notes");
    expect(undone).toEqual([".bashrc"]);
    const kept = (await readdir(t.path)).filter((name) => name.startsWith(".bashrc."));
    expect(kept.map((name) => name.replace(/[0-9a-f]{8}$/, "ID"))).toEqual([".bashrc.undone-ID"]);
    expect(await Bun.file(join(t.path, "notes")).text()).toBe("good\n");
  });

  testConfined(`run puts back what its owner made while another command ran, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    await using other = await t.start("sleep 1000");
    await t.write(".envrc", "mine");
    const { undone } = await t.run("echo bad > .envrc");
    expect([undone, await Bun.file(join(t.path, ".envrc")).text()]).toEqual([[".envrc"], "mine"]);
    other.signal("SIGKILL");
  });

  testConfined(`run that only looks changes nothing and sees nothing else, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    await t.write("notes", "mine");
    const { output } = await t.run("cat notes; echo bad > notes; touch new; rm notes", { writes: false });
    expect(output).toContain("mine");
    expect(await readdir(t.path)).toEqual(["notes"]);
    expect(await Bun.file(join(t.path, "notes")).text()).toBe("mine");
  });

  testConfined(`run reaches granted hosts through the proxy, and nothing else, ${where}`, async () => {
    const seen: string[] = [];
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request, { port }): Response {
        const { pathname } = new URL(request.url);
        seen.push(`${request.headers.get("host")?.replace(/:\d+$/, "")}${pathname}`);
        if (pathname === "/away") return Response.redirect(`http://other.localhost:${port}/secret`, 302);
        return new Response(`page ${pathname}`);
      },
    });
    const denied: string[] = [];
    await using t = await setUp({
      sandbox,
      addresses: { "good.localhost": ["127.0.0.1"], "other.localhost": ["127.0.0.1"], "good.test": ["127.0.0.1"] },
      onDenied: (target) => denied.push(target),
    });
    const { port } = server;
    const network = [`connect:http://good.localhost:${port}`, `connect:http://good.test:${port}`];
    const curl = (args: string) => t.run(`curl -s --max-time 5 ${args}`, { network });
    expect((await curl(`http://good.localhost:${port}/a`)).output).toBe("page /a");
    expect((await curl(`-d x=1 http://good.localhost:${port}/b`)).output).toBe("page /b");
    expect((await curl(`http://other.localhost:${port}/c`)).output).toContain("is not among the hosts");
    expect((await curl(`http://127.0.0.1:${port}/d`)).output).toContain("is not among the hosts");
    // A name that looks public and leads home.
    expect((await curl(`http://good.test:${port}/e`)).output).toContain("is not among the hosts");
    expect((await curl(`-L http://good.localhost:${port}/away`)).output).toContain("is not among the hosts");
    expect((await curl(`-p http://other.localhost:${port}/f`)).exitCode).not.toBe(0);
    expect((await curl(`--noproxy '*' http://127.0.0.1:${port}/g`)).exitCode).not.toBe(0);
    expect((await curl(`-H 'Host: other.localhost' http://good.localhost:${port}/h`)).output).toBe("page /h");
    expect((await t.run(`curl -s --max-time 5 http://good.localhost:${port}/i`)).exitCode).not.toBe(0);
    expect(seen).toEqual(["good.localhost/a", "good.localhost/b", "good.localhost/away", "good.localhost/h"]);
    expect(denied).toContain(`http://other.localhost:${port}`);
    expect(denied).toContain(`http://good.test:${port}`);
  });

  testConfined(`start runs a program that reads what it is told, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const decoder = new TextDecoder();
    let output = "";
    await using running = await t.start("while read line; do echo got $line; done; echo end", {
      onOutput: (bytes) => {
        output += decoder.decode(bytes, { stream: true });
      },
    });
    running.write("one\n");
    await until(() => output === "got one\n");
    running.write("two\n");
    running.endInput();
    expect(await running.ended).toMatchObject({ exitCode: 0, signal: null });
    expect(output).toBe("got one\ngot two\nend\n");
  });

  testConfined(`start gives a terminal that has a size and passes signals on, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    let output = "";
    await using running = await t.start(
      "trap 'echo caught' INT; test -t 0 && tty > /dev/tty; stty size; read x; stty size; sleep 1000; read y",
      {
        terminal: { columns: 91, rows: 31 },
        onOutput: (bytes) => {
          output += Buffer.from(bytes).toString("utf8");
        },
      },
    );
    await until(() => output.includes("31 91"));
    running.resize(120, 40);
    running.write("\n");
    await until(() => output.includes("40 120"));
    running.write("\u0003");
    await until(() => output.includes("caught"));
    running.write("\n");
    await running.ended;
  });

  testConfined(`start ends with its signal, and so does all that it started, ${where}`, async () => {
    await using t = await setUp({ sandbox });
    const mark = newMark();
    const abort = new AbortController();
    const running = await t.start(`sleep ${mark} & (trap '' TERM; sleep ${mark})`, { signal: abort.signal });
    await until(async () => (await processesWith(mark)) > 1);
    abort.abort();
    await running.ended;
    expect(await processesWith(mark)).toBe(0);
  });
}

testConfined("plan says what a command is let do, and how that is enforced", async () => {
  await using t = await setUp({ limits: { network: ["connect:https://always.example"] } });
  const { reason, ...plan } = await t.launcher.plan(
    { writes: true, network: ["connect:https://asked.example"] },
    t.path,
  );
  expect({ ...plan, never_write: plan.never_write.slice(0, 3) }).toEqual({
    level: "kernel",
    allows: `It may read the system's programs, change ${t.path}, a temporary folder of its own, and reach https://always.example, https://asked.example, with 2048 MB of memory and 512 processes at most. Your other files it does not see`,
    read: [],
    write: [t.path, "a temporary folder of its own"],
    never_write: [".aleph", ".bashrc", ".bash_profile"],
    network: ["connect:https://always.example", "connect:https://asked.example"],
    memory_mb: 2048,
    processes: 512,
  });
  expect(reason).toContain("tried out");
  const looking = await t.launcher.plan({ writes: false, network: [] }, t.path);
  expect([looking.read, looking.write, looking.network]).toEqual([[t.path], ["a temporary folder of its own"], []]);
});

test("plan and run say so where nothing can be enforced", async () => {
  await using t = await setUp({ sandbox: noSandbox });
  expect(await t.launcher.plan({ writes: true, network: [] }, t.path)).toMatchObject({
    level: "none",
    allows: "Nothing confines it: it may read and change whatever you may, and reach every host",
  });
  expect(await refusalOf(t.run("true"))).toStartWith("sandbox_denied: ");
  expect(await t.run("echo free", { mayRunUnsandboxed: true })).toMatchObject({ exitCode: 0, output: "free\n" });
});

test("plan says so when the owner has switched the sandbox off", async () => {
  await using t = await setUp({ limits: { enabled: false } });
  expect(await t.launcher.plan({ writes: true, network: [] }, t.path)).toMatchObject({
    level: "none",
    reason: "[exec.sandbox] enabled = false in config.toml",
  });
  expect(await refusalOf(t.run("true"))).toStartWith("sandbox_denied: ");
  expect(await t.run("echo free", { mayRunUnsandboxed: true })).toMatchObject({ exitCode: 0, output: "free\n" });
});

testConfined("run reads and writes what the config opens besides", async () => {
  await using t = await setUp();
  const [data, out] = [join(t.userHome, "data"), join(t.userHome, "out")];
  await mkdir(data);
  await mkdir(out);
  await Bun.write(join(data, "table"), "rows");
  await symlink(data, join(t.userHome, "link"));
  await using open = await setUp({ limits: { read: [join(t.userHome, "link")], write: [out] } });
  const { output } = await open.run(`cat ${data}/table; echo x > ${out}/made; echo x > ${data}/made`);
  expect(output).toContain("rows");
  expect([await readdir(out), await readdir(data)]).toEqual([["made"], ["table"]]);
});

testConfined.skipIf(!hasBubblewrap)("run hides secrets that stand in a folder that it may see", async () => {
  await using t = await setUp();
  await mkdir(join(t.userHome, ".ssh"));
  await Bun.write(join(t.userHome, ".ssh/id"), "key");
  await Bun.write(join(t.userHome, ".netrc"), "password");
  await Bun.write(join(t.userHome, "plain"), "plain");
  const launcher = testLauncher({ ...t, limits: { read: [t.userHome] } });
  const { output } = await launcher.run(
    t.work(
      `cat ~/x ${t.userHome}/plain ${t.userHome}/.netrc ${t.userHome}/.ssh/id ${t.home.credentials}/token; echo own > f; cat f`,
    ),
    { ...t.where, onOutput: () => {} },
  );
  expect(output).toContain("plain");
  expect(output).toContain("own\n");
  expect(output).not.toMatch(/key|password|the owner's token/);
});

testConfined("run refuses what cannot hide a secret without mounts", async () => {
  await using t = await setUp();
  await mkdir(join(t.userHome, ".ssh"));
  const launcher = testLauncher({ ...t, sandbox: withoutMounts, limits: { read: [t.userHome] } });
  const refused = await refusalOf(launcher.run(t.work("true"), { ...t.where, onOutput: () => {} }));
  expect(refused).toStartWith("sandbox_denied: Nothing can hide");
});

testConfined("run takes its temporary folder away, and those that a killed server left behind", async () => {
  await using t = await setUp();
  const gone = Bun.spawn(["/bin/true"]);
  await gone.exited;
  await mkdir(join(t.home.run, `command-${gone.pid}-abc`), { recursive: true });
  await mkdir(join(t.home.run, `command-${process.ppid}-abc`), { recursive: true });
  await t.run("touch $TMPDIR/left");
  expect(await readdir(t.home.run)).toEqual([`command-${process.ppid}-abc`]);
});
