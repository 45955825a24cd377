import { expect, test } from "bun:test";
import { processTool } from "../../../src/tools/process/process.ts";
import { testCommands } from "../../support/commands.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { until } from "../../support/until.ts";

async function withJob(command: string, options: object = {}) {
  const t = await testCommands();
  const { text } = await t.call({ command, background: true, ...options });
  const job_id = /job_\w+/.exec(text)![0];
  const read = async (offset?: number) =>
    (await t.process({ action: "read", job_id, ...(offset === undefined ? {} : { offset }) })).text;
  return { ...t, job_id, read };
}

test("process lists the jobs of a session and tells how they ended", async () => {
  await using t = await withJob("echo out; exit 3");
  expect(await t.process({ action: "wait", job_id: t.job_id })).toEqual({
    ok: true,
    text: `${t.job_id}: ended [exit code 3], 4 bytes of output: echo out; exit 3`,
  });
  expect((await t.process({ action: "list" })).text).toBe(
    `${t.job_id}: ended [exit code 3], 4 bytes of output: echo out; exit 3`,
  );
  expect(await t.read()).toBe(
    `out\n\n[bytes 0 to 4 of 4]\n${t.job_id}: ended [exit code 3], 4 bytes of output: echo out; exit 3`,
  );
});

test("process reads on from where it was, while the job runs", async () => {
  await using t = await withJob("echo one; until test -e go; do sleep 0.02; done; echo two");
  await until(async () => (await t.read()).startsWith("one\n"));
  await t.write("go", "");
  await t.process({ action: "wait", job_id: t.job_id });
  expect(await t.read(4)).toStartWith("two\n\n[bytes 4 to 8 of 8]\n");
});

test("process writes to a job when a person says yes, and what the floor holds it refuses", async () => {
  await using t = await withJob("while read x; do echo got $x; done; echo end");
  const prepared = await t.prepareProcess({ action: "write", job_id: t.job_id, text: "hello\n", end_input: true });
  expect({ tier: prepared.tier, plan: prepared.plan, pattern: prepared.pattern }).toEqual({
    tier: "ask",
    plan: {
      action: "write",
      job_id: t.job_id,
      command: "while read x; do echo got $x; done; echo end",
      text: "hello\n",
      end_input: true,
    },
    pattern: {
      action: "write",
      job_id: t.job_id,
      command: "while read x; do echo got $x; done; echo end",
      text: "whatever it is",
    },
  });
  expect((await t.prepareProcess({ action: "write", job_id: t.job_id, text: "rm -rf /\n" })).tier).toBe("deny");
  expect((await t.prepareProcess({ action: "write", job_id: t.job_id, text: "\n" })).tier).toBe("allow");
  await prepared.run();
  await t.process({ action: "wait", job_id: t.job_id });
  expect(await t.read()).toStartWith("got hello\nend\n");
  expect(await refusalOf(t.process({ action: "write", job_id: t.job_id, text: "\n" }))).toBe(
    `conflict: Job "${t.job_id}" has ended`,
  );
});

test("process sends signals and kills", async () => {
  await using t = await withJob("trap 'echo caught' USR1; echo ready; while :; do sleep 0.02; done");
  await until(async () => (await t.read()).startsWith("ready\n"));
  await t.process({ action: "signal", job_id: t.job_id, signal: "SIGUSR1" });
  await until(async () => (await t.read()).includes("caught\n"));
  expect((await t.process({ action: "wait", job_id: t.job_id, timeout_ms: 1 })).text).toStartWith(`${t.job_id}: runs`);
  expect((await t.process({ action: "kill", job_id: t.job_id })).text).toMatch(/ended \[.*SIGKILL\]/);
});

test("process resizes the terminal of a job, and says which have none", async () => {
  await using t = await withJob("stty size; read x; stty size; read y", { pty: true });
  await until(async () => (await t.read()).includes("30 100"));
  await t.process({ action: "resize", job_id: t.job_id, columns: 77, rows: 22 });
  await t.process({ action: "write", job_id: t.job_id, text: "\n" });
  await until(async () => (await t.read()).includes("22 77"));
  const { text } = await t.call({ command: "sleep 1000; true", background: true });
  const plain = /job_\w+/.exec(text)![0];
  expect(await refusalOf(t.process({ action: "resize", job_id: plain, columns: 10, rows: 10 }))).toBe(
    `conflict: Job "${plain}" has no terminal`,
  );
});

test("process knows no jobs of other sessions, and none that there are not", async () => {
  await using t = await withJob("sleep 1000; true");
  const other = t.context({ sessionKey: "agent:main:task:other" });
  expect(await callTool(processTool, t.needs, { action: "list" }, other)).toEqual({ ok: true, text: "[no jobs]" });
  for (const action of ["read", "wait", "write", "kill"]) {
    expect(await refusalOf(callTool(processTool, t.needs, { action, job_id: t.job_id }, other))).toBe(
      `not_found: No job "${t.job_id}" in this session`,
    );
  }
  expect(await refusalOf(t.process({ action: "kill" }))).toBe('invalid_params: "kill" needs "job_id"');
  expect(await refusalOf(t.process({ action: "signal", job_id: t.job_id }))).toBe(
    'invalid_params: "signal" needs "signal"',
  );
});

test("exec leaves a job alone when its run is cancelled", async () => {
  await using t = await withJob("until test -e go; do sleep 0.02; done; echo on");
  await t.write("go", "");
  expect((await t.process({ action: "wait", job_id: t.job_id })).text).toContain("ended, 3 bytes");
});
