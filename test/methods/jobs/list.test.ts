import { expect, test } from "bun:test";
import { jobsApp } from "../../support/jobs.ts";
import { refusalOf } from "../../support/tool-call.ts";

test("jobs.list shows what runs in the background, of all sessions or of one", async () => {
  await using t = await jobsApp();
  expect(await t.client.call("jobs.list", {})).toEqual({ jobs: [] });
  const first = await t.begin("sleep 1000");
  const second = await t.begin("sleep 2000", "agent:main:chat:other");
  const state = {
    cwd: expect.stringMatching(/workspaces\/main$/),
    pty: false,
    started_at: expect.any(Number),
    output_bytes: 0,
    end: null,
  };
  const one = { job_id: first, session_key: "agent:main:main", command: "sleep 1000", ...state };
  const two = { job_id: second, session_key: "agent:main:chat:other", command: "sleep 2000", ...state };
  expect(await t.client.call("jobs.list", {})).toEqual({ jobs: [one, two] });
  expect(await t.client.call("jobs.list", { session_key: "agent:main:chat:other" })).toEqual({ jobs: [two] });
});

test("jobs.list refuses what is no session key", async () => {
  await using t = await jobsApp();
  expect(await refusalOf(t.client.call("jobs.list", { session_key: "x" }))).toStartWith("invalid_params: ");
});
