import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { jobsApp } from "../../support/jobs.ts";

const LONG_MS = 60_000;

test(
  "jobs shows what runs in the background and ends it",
  async () => {
    await using t = await jobsApp();
    const run = (...words: string[]) => runCli(["jobs", ...words], { home: t.home.path });
    expect(await run()).toEqual({ code: 0, stdout: "", stderr: "No jobs\n" });
    const id = await t.begin("sleep 1000");
    const [head, line] = (await run("list")).stdout.split("\n");
    expect(head!.trim().split(/ {2,}/)).toEqual(["JOB", "SESSION", "STATE", "STARTED", "COMMAND"]);
    expect(line!.trim().split(/ {2,}/)).toEqual([id, "agent:main:main", "runs", expect.any(String), "sleep 1000"]);
    expect(await run("kill", id)).toEqual({ code: 0, stdout: "", stderr: `${id}: ended by SIGKILL\n` });
    const none = await run("kill", "job_none");
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('No job "job_none"')]);
  },
  LONG_MS,
);
