import { expect, test } from "bun:test";
import { jobsApp } from "../../support/jobs.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("jobs.kill ends a job of any session, and leaves one that has ended as it is", async () => {
  await using t = await jobsApp();
  const job_id = await t.begin("sleep 1000", "agent:main:chat:other");
  const killed = await t.client.call("jobs.kill", { job_id });
  expect(killed).toMatchObject({ job_id, end: { exit_code: null, signal: "SIGKILL", timed_out: false } });
  expect(await t.client.call("jobs.kill", { job_id })).toEqual(killed);
  expect((await t.client.call("jobs.list", {})).jobs).toEqual([killed]);
});

test("jobs.kill refuses a job that there is none of", async () => {
  await using t = await jobsApp();
  expect(await refusalOf(t.client.call("jobs.kill", { job_id: "job_none" }))).toBe('not_found: No job "job_none"');
});
