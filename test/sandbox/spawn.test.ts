import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import { commandEnvironment, type SpawnOptions, type Step, spawnCommand, spawnSteps } from "../../src/sandbox/spawn.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const never = new AbortController().signal;
const options = (override: Partial<SpawnOptions> = {}): SpawnOptions => ({
  cwd: "/",
  env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
  signal: never,
  timeoutMs: 20_000,
  maxOutput: 100_000,
  ...override,
});

const shell = (script: string, override: Partial<SpawnOptions> = {}) =>
  spawnCommand({ ...options(override), argv: ["/bin/sh", "-c", script] });

const step = (when: Step["when"], ...pipeline: string[][]): Step => ({ when, pipeline });

/** Processes whose command line names `mark`. */
async function processesWith(mark: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")] as const),
  );
  return lines.filter(([, line]) => line.includes(mark)).map(([pid]) => Number(pid));
}

test("spawnCommand gives output, exit code and nothing else", async () => {
  expect(await shell("echo out; echo err >&2; exit 3")).toEqual({
    exitCode: 3,
    signal: null,
    // Of two pipes either may be read first.
    output: expect.stringMatching(/^(?:out\nerr\n|err\nout\n)$/),
    truncated: false,
    timedOut: false,
  });
});

test("spawnCommand passes arguments as they are", async () => {
  const { output } = await spawnCommand({ ...options(), argv: ["/bin/echo", "$HOME", "a  b", "*", "; ls"] });
  expect(output).toBe("$HOME a  b * ; ls\n");
});

test("spawnCommand runs in its folder, without input", async () => {
  await using folder = await testFolder();
  expect((await shell("pwd; cat; echo end", { cwd: folder.path })).output).toBe(`${folder.path}\nend\n`);
});

test("spawnCommand gives a process the named variables and its mark, and no others", async () => {
  const { output } = await spawnCommand({ ...options({ env: { A: "1" } }), argv: ["/usr/bin/env"] });
  expect(
    output
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0])
      .sort(),
  ).toEqual(["A", "ALEPH_COMMAND"]);
});

test("commandEnvironment holds no variable of the server", () => {
  const env = commandEnvironment({ path: ["/usr/bin", "/bin"], workspace: "/w" });
  expect(env).toEqual({
    PATH: "/usr/bin:/bin",
    HOME: "/w",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TERM: "dumb",
    NO_COLOR: "1",
    PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
  });
});

test("spawnCommand hands output on while the process runs", async () => {
  await using folder = await testFolder();
  const pieces: string[] = [];
  const seen = Promise.withResolvers<void>();
  const running = shell("echo first; until test -e go; do sleep 0.01; done; echo second", {
    cwd: folder.path,
    onOutput(text) {
      pieces.push(text);
      seen.resolve();
    },
  });
  await seen.promise;
  expect(pieces.join("")).toBe("first\n");
  await Bun.write(join(folder.path, "go"), "");
  await running;
  expect(pieces.join("")).toBe("first\nsecond\n");
});

test("spawnCommand keeps both ends of a long output and shows no more than that live", async () => {
  let shown = 0;
  const { output, truncated } = await spawnCommand({
    ...options({ maxOutput: 1000, onOutput: (text) => (shown += text.length) }),
    argv: ["/usr/bin/seq", "1", "100000"],
  });
  expect(truncated).toBe(true);
  expect(output).toStartWith("1\n2\n3\n");
  expect(output).toEndWith("99999\n100000\n");
  expect(output).toContain("[… 587895 bytes left out …]");
  expect(output.length).toBeLessThan(1100);
  expect(shown).toBe(1000);
});

test("spawnCommand does not cut characters between two reads", async () => {
  const pieces: string[] = [];
  const { output } = await shell("printf '\\303'; sleep 0.05; printf '\\244'", {
    onOutput: (text) => pieces.push(text),
  });
  expect([output, pieces.join("")]).toEqual(["ä", "ä"]);
});

test("spawnCommand says when a program cannot be started", async () => {
  const starting = spawnCommand({ ...options(), argv: ["/no/such/program"] });
  const thrown = await starting.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(AlephError);
  expect((thrown as AlephError).reason).toBe("not_found");
});

test("spawnCommand tells the signal that ended a process", async () => {
  expect(await shell("kill -USR1 $$")).toMatchObject({ exitCode: null, signal: "SIGUSR1" });
});

test("spawnCommand ends a process that takes too long", async () => {
  expect(await shell("echo begun; exec sleep 1000", { timeoutMs: 100 })).toMatchObject({
    output: "begun\n",
    signal: "SIGTERM",
    timedOut: true,
  });
});

test("spawnCommand starts nothing when it is aborted already", async () => {
  await using folder = await testFolder();
  const result = await shell("touch started", { cwd: folder.path, signal: AbortSignal.abort() });
  expect(result).toEqual({ exitCode: null, signal: null, output: "", truncated: false, timedOut: false });
  expect(await readdir(folder.path)).toEqual([]);
});

test("spawnCommand kills the whole tree on abort, also a child that ignores SIGTERM and one that left the group", async () => {
  const mark = `7${Math.floor(Math.random() * 1e8)}.5`;
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  // A shell that ignores SIGTERM, its child, a grandchild that holds the pipes, and one in a session of its own.
  const script = `trap '' TERM; sh -c "trap '' TERM; sleep ${mark} & sleep ${mark}" & setsid sleep ${mark} & sleep ${mark} & echo begun; wait; wait; sleep ${mark}`;
  const running = shell(script, { signal: abort.signal, onOutput: () => begun.resolve() });
  await begun.promise;
  await until(async () => (await processesWith(mark)).length >= 5);
  abort.abort();
  const result = await running;
  expect(result).toMatchObject({ exitCode: null, signal: "SIGKILL", output: "begun\n", timedOut: false });
  await until(async () => (await processesWith(mark)).length === 0);
});

test("spawnCommand leaves nothing running behind a command that ended by itself", async () => {
  const mark = `8${Math.floor(Math.random() * 1e8)}.5`;
  const result = await shell(`sleep ${mark} & setsid sleep ${mark} & nohup sleep ${mark} >/dev/null 2>&1 & echo done`);
  expect(result).toMatchObject({ exitCode: 0, output: "done\n" });
  await until(async () => (await processesWith(mark)).length === 0);
});

test("spawnSteps feeds one program into the next", async () => {
  const steps = [
    step("always", ["/usr/bin/seq", "1", "200000"], ["/usr/bin/sort", "-rn"], ["/usr/bin/tail", "-n", "2"]),
  ];
  expect(await spawnSteps({ ...options(), steps })).toMatchObject({ exitCode: 0, output: "2\n1\n" });
});

test("spawnSteps ends a writer whose reader has enough, without a word of it", async () => {
  const steps = [step("always", ["/usr/bin/seq", "1", "1000000000"], ["/usr/bin/head", "-n", "2"])];
  expect(await spawnSteps({ ...options(), steps })).toEqual({
    exitCode: 0,
    signal: null,
    output: "1\n2\n",
    truncated: false,
    timedOut: false,
  });
});

test("spawnSteps does not wait for a reader that never reads", async () => {
  const steps = [step("always", ["/usr/bin/seq", "1", "10000000"], ["/bin/true"])];
  expect(await spawnSteps({ ...options(), steps })).toMatchObject({ exitCode: 0, output: "", timedOut: false });
});

test("spawnSteps goes on as && and || say", async () => {
  const echo = (text: string) => ["/bin/echo", text];
  const steps = [
    step("always", ["/bin/false"]),
    step("success", echo("skipped")),
    step("failure", echo("fallback")),
    step("success", echo("after")),
    step("always", ["/bin/sh", "-c", "exit 4"]),
    step("success", echo("skipped too")),
  ];
  expect(await spawnSteps({ ...options(), steps })).toMatchObject({ exitCode: 4, output: "fallback\nafter\n" });
});

test("spawnSteps begins no further step after the time is over", async () => {
  const steps = [step("always", ["/bin/sleep", "1000"]), step("always", ["/bin/echo", "late"])];
  expect(await spawnSteps({ ...options({ timeoutMs: 100 }), steps })).toMatchObject({ output: "", timedOut: true });
});

test("spawnSteps ends what it has started when a later program of the pipe is not there", async () => {
  const mark = `9${Math.floor(Math.random() * 1e8)}.5`;
  const steps = [step("always", ["/bin/sleep", mark], ["/no/such/program"])];
  const reason = await spawnSteps({ ...options(), steps }).then(
    () => "none",
    (thrown: AlephError) => thrown.reason,
  );
  expect(reason).toBe("not_found");
  expect(await processesWith(mark)).toEqual([]);
});

test("spawnSteps moves more through a pipe than it keeps", async () => {
  const abort = new AbortController();
  // The pieces have gone through when it says how many bytes there were; the pipe stays until it is told to end.
  const steps = [
    step(
      "always",
      ["/bin/sh", "-c", "head -c 100000000 /dev/zero; exec sleep 1000"],
      ["/bin/sh", "-c", "head -c 100000000 | wc -c; exec sleep 1000"],
    ),
  ];
  const counted = Promise.withResolvers<string>();
  const promises = () => {
    Bun.gc(true);
    return heapStats().objectTypeCounts.Promise ?? 0;
  };
  const before = promises();
  const running = spawnSteps({ ...options({ signal: abort.signal }), onOutput: counted.resolve, steps });
  expect(await counted.promise).toBe("100000000\n");
  // Some 1,500 pieces, each of which took several.
  expect(promises() - before).toBeLessThan(200);
  abort.abort();
  await running;
});
