import { expect, test } from "bun:test";
import { type JobRequest, type JobState, Jobs, type JobsOptions } from "../../src/sandbox/jobs.ts";
import type { RunningCommand } from "../../src/sandbox/launcher.ts";
import { testLauncher } from "../support/launcher.ts";
import { testLog } from "../support/log.ts";
import { refusalOf } from "../support/tool-call.ts";
import { testWorkspace } from "../support/workspace.ts";

async function setUp(options: Partial<JobsOptions> = {}) {
  const workspace = await testWorkspace();
  const events: string[] = [];
  const note = (what: string) => (job: JobState) => events.push(`${what} ${job.command}`);
  const jobs = new Jobs({
    launcher: testLauncher(workspace),
    now: () => 1000,
    log: testLog().log,
    onStarted: note("started"),
    onEnded: note("ended"),
    ...options,
  });
  const start = (command: string, override: Partial<JobRequest> = {}) =>
    jobs.start(
      { mode: "shell", argv: ["/bin/bash", "-c", command] },
      {
        sessionKey: "a",
        command,
        cwd: workspace.path,
        workspace: workspace.path,
        writes: true,
        network: [],
        untrusted: false,
        timeoutMs: 0,
        ...override,
      },
    );
  return {
    ...workspace,
    jobs,
    events,
    start,
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

const never = new AbortController().signal;

test("Jobs end with their session, and others go on", async () => {
  await using t = await setUp();
  const mine = await t.start("sleep 1000; true");
  const other = await t.start("sleep 2000; true", { sessionKey: "b" });
  await t.jobs.endSession("a");
  expect(t.jobs.list("a")).toEqual([]);
  expect(await refusalOf((async () => t.jobs.get("a", mine.job_id))())).toStartWith("not_found: ");
  expect(t.jobs.get("b", other.job_id).end).toBeUndefined();
  expect(t.events).toEqual(["started sleep 1000; true", "started sleep 2000; true", "ended sleep 1000; true"]);
});

test("Jobs that are about to begin end with their session too", async () => {
  await using t = await setUp();
  const starting = t.start("sleep 1000; true");
  await t.jobs.endSession("a");
  expect(await refusalOf(starting)).toBe("cancelled: The session has ended");
  expect([t.jobs.all(), t.events]).toEqual([[], []]);
});

test("Jobs end with the server", async () => {
  await using t = await setUp();
  const { job_id } = await t.start("(trap '' TERM HUP; sleep 1000) & sleep 1000; true");
  await t.jobs[Symbol.asyncDispose]();
  expect(t.jobs.get("a", job_id).end).toMatchObject({ at: 1000, timedOut: false });
  expect(await refusalOf(t.start("true"))).toBe("cancelled: The server is stopping");
});

test("Jobs are so many at a time, in a session and in all", async () => {
  await using t = await setUp({ limits: { perSession: 2, inAll: 3 } });
  await t.start("sleep 1000; true");
  const { job_id } = await t.start("sleep 1000; true");
  expect(await refusalOf(t.start("true"))).toBe("limit_reached: 2 jobs of this session run already");
  await t.start("sleep 1000; true", { sessionKey: "b" });
  expect(await refusalOf(t.start("true", { sessionKey: "b" }))).toBe("limit_reached: 3 jobs run already");
  await t.jobs.kill("a", job_id);
  await t.start("true");
});

test("Jobs that have ended are kept for a while", async () => {
  await using t = await setUp({ limits: { keptPerSession: 2 } });
  for (const code of [1, 2, 3]) {
    const { job_id } = await t.start(`exit ${code}`);
    await t.jobs.wait("a", job_id, 10_000, never);
  }
  expect(t.jobs.list("a").map(({ end }) => end?.exitCode)).toEqual([2, 3]);
});

test("Jobs keep the newest of their output", async () => {
  await using t = await setUp({ limits: { output: 1000 } });
  const { job_id } = await t.start("seq 1 10000");
  await t.jobs.wait("a", job_id, 10_000, never);
  const { output_bytes } = t.jobs.get("a", job_id);
  const part = t.jobs.read("a", job_id, 0, 10_000);
  expect({ output_bytes, from: part.from, next: part.next, end: part.text.slice(-11) }).toEqual({
    output_bytes: 48_894,
    from: 47_894,
    next: 48_894,
    end: "9999\n10000\n",
  });
});

test("Jobs end after their time", async () => {
  await using t = await setUp();
  const { job_id } = await t.start("sleep 1000; true", { timeoutMs: 200 });
  expect((await t.jobs.wait("a", job_id, 10_000, never)).end).toMatchObject({ timedOut: true });
});

test("wait ends with its signal", async () => {
  await using t = await setUp();
  const { job_id } = await t.start("sleep 1000; true");
  const waiting = t.jobs.wait("a", job_id, 60_000, AbortSignal.abort(new Error("enough")));
  expect(await refusalOf(waiting)).toBe("Error: enough");
});

test("Jobs end too when what they left behind could not be put in order", async () => {
  const { log, entries } = testLog();
  const failing = Promise.withResolvers<never>();
  const running: RunningCommand = {
    pid: 1,
    ended: failing.promise,
    write: () => {},
    endInput: () => {},
    resize: () => {},
    signal: () => failing.reject(new Error("the disk is full")),
    [Symbol.asyncDispose]: async () => {},
  };
  await using t = await setUp({ launcher: { start: async () => running }, log });
  const { job_id } = await t.start("true");
  expect((await t.jobs.kill("a", job_id)).end).toEqual({
    exitCode: null,
    signal: null,
    undone: [],
    overuse: undefined,
    at: 1000,
    timedOut: false,
  });
  expect(t.events).toEqual(["started true", "ended true"]);
  expect(entries.map(({ message }) => message)).toEqual(["what a job left behind could not be put in order"]);
});
