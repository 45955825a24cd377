/** `aleph jobs`: commands that run in the background, and an end to them. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

type Job = Result<"jobs.list">["jobs"][number];

const list = defineCommand({
  summary: "List the commands in the background, oldest first",
  args: {
    session: { type: "string", valueHint: "key", description: "of this session alone", completion: "sessions" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("jobs.list", args.session === undefined ? {} : { session_key: args.session });
      if (args.json) return writeJson(out, found);
      if (found.jobs.length === 0) return void err.write("No jobs\n");
      const now = Date.now();
      writeTable<Job>(out, found.jobs, [
        { title: "JOB", value: ({ job_id }) => job_id },
        { title: "SESSION", value: ({ session_key }) => session_key },
        { title: "STATE", value: stateOf },
        { title: "STARTED", value: ({ started_at }) => formatAgo(started_at, now) },
        { title: "COMMAND", value: ({ command }) => printableLine(command), flexible: true },
      ]);
    }),
});

const kill = defineCommand({
  summary: "End a command in the background with all that it has started",
  args: {
    id: { type: "positional", required: true, description: "job id, see the list", completion: "jobs" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [["aleph jobs kill job_01…", "at once, as kill -9 does"]],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const ended = await client.call("jobs.kill", { job_id: args.id });
      if (args.json) return writeJson(out, ended);
      err.write(`${ended.job_id}: ${stateOf(ended)}\n`);
    }),
});

export const jobs = defineGroup({
  summary: "See and end commands in the background",
  fallback: "list",
  commands: { list, kill },
});

function stateOf({ end }: Job): string {
  if (end === null) return "runs";
  if (end.timed_out) return "ended: took too long";
  return end.signal === null ? `ended with ${end.exit_code ?? "nothing"}` : `ended by ${end.signal}`;
}
