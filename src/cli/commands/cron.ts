/** `aleph cron`: what the agent does by the clock. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import type { CronSchedule } from "../../protocol/cron.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatDuration, formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

type Job = Result<"cron.list">["jobs"][number];
type Run = Result<"cron.history">["runs"][number];

const MISSED = ["skip", "once", "all"] as const;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const id = {
  type: "positional",
  required: true,
  description: "job id, see the list",
  completion: "schedules",
} as const;
const flags = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the jobs, the next one first",
  args: flags,
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("cron.list", {});
      if (args.json) return writeJson(out, found);
      if (found.jobs.length === 0) return void err.write("No jobs\n");
      writeTable<Job>(out, found.jobs, [
        { title: "JOB", value: ({ cron_id }) => cron_id },
        { title: "WHEN", value: whenOf },
        { title: "NEXT", value: nextOf },
        { title: "LAST", value: ({ last }) => (last ? last.status : "-") },
        { title: "MESSAGE", value: ({ message }) => printableLine(message), flexible: true },
      ]);
    }),
});

const add = defineCommand({
  summary: "Have the agent do something by the clock",
  args: {
    message: { type: "positional", required: true, description: "what it is told to do" },
    cron: { type: "string", valueHint: "expression", description: 'such as "30 9 * * MON-FRI"' },
    every: { type: "string", valueHint: "time", description: "such as 90s, 15m, 6h, 1d" },
    at: { type: "string", valueHint: "time", description: "once, such as 2026-05-01T09:00" },
    tz: { type: "string", valueHint: "zone", description: "such as Europe/Berlin; the server's own if left out" },
    id: { type: "string", valueHint: "name", description: "its name" },
    to: {
      type: "string",
      valueHint: "place",
      description: "where its answer goes: interface:conversation, a session key or a URL",
    },
    secret: { type: "string", valueHint: "reference", description: "signs what goes to a URL; best env:NAME" },
    agent: { type: "string", valueHint: "name", description: "which agent does it", completion: "agents" },
    model: { type: "string", valueHint: "name", description: "which model", completion: "models" },
    missed: {
      type: "string",
      valueHint: "what",
      description: "what of times that passed meanwhile: skip, once or all",
    },
    jitter: { type: "string", valueHint: "time", description: "begins up to so much later" },
    ...flags,
  },
  examples: [
    ['aleph cron add "What is new?" --cron "0 8 * * *" --to telegram:12345', "each morning, said in Telegram"],
    ['aleph cron add "Remind me of the cake" --at 2026-05-01T17:30', "once"],
  ],
  async run(args, invocation) {
    const missed = MISSED.find((each) => each === args.missed);
    if (args.missed !== undefined && missed === undefined) {
      throw usageError("--missed knows skip, once and all", "For example --missed once");
    }
    const params = {
      ...(args.id === undefined ? {} : { id: args.id }),
      schedule: scheduleOf(args),
      message: args.message,
      ...(args.to === undefined ? {} : { deliver: deliverOf(args.to, args.secret) }),
      ...(args.agent === undefined ? {} : { agent: args.agent }),
      ...(args.model === undefined ? {} : { model: args.model }),
      ...(missed === undefined ? {} : { missed }),
      ...(args.jitter === undefined ? {} : { jitter_ms: readTime("jitter", args.jitter) }),
    };
    await withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const made = await client.call("cron.add", params);
      if (args.json) return writeJson(out, made);
      out.write(`${made.cron_id}\n`);
      if (made.next_run_at !== null) err.write(`Runs next at ${formatTime(made.next_run_at)}\n`);
    });
  },
});

const remove = defineCommand({
  summary: "Remove a job with its history",
  args: { id, ...flags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const removed = await client.call("cron.remove", { cron_id: args.id });
      if (args.json) return writeJson(out, removed);
      err.write(`${removed.cron_id}: removed\n`);
    }),
});

const run = defineCommand({
  summary: "Run a job now, besides its schedule",
  args: { id, ...flags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const begun = await client.call("cron.run", { cron_id: args.id });
      if (args.json) return writeJson(out, begun);
      err.write(`${begun.cron_id}: ${begun.status}${begun.run_id === null ? "" : ` as ${begun.run_id}`}\n`);
    }),
});

const history = defineCommand({
  summary: "List what became of a job's times, the newest first",
  args: {
    id: { type: "positional", required: false, description: "of this job alone", completion: "schedules" },
    limit: { type: "string", valueHint: "n", description: "at most so many", default: "20" },
    ...flags,
  },
  async run(args, invocation) {
    const limit = toCount("limit", args.limit, 1000);
    await withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("cron.history", {
        ...(args.id === undefined ? {} : { cron_id: args.id }),
        limit,
      });
      if (args.json) return writeJson(out, found);
      if (found.runs.length === 0) return void err.write("Nothing has run yet\n");
      writeTable<Run>(out, found.runs, [
        { title: "JOB", value: ({ cron_id }) => cron_id },
        { title: "DUE", value: ({ due_at }) => formatTime(due_at) },
        { title: "STATUS", value: ({ status }) => status },
        { title: "DELIVERY", value: ({ delivery }) => delivery ?? "-" },
        { title: "SAID", value: ({ note }) => printableLine(note ?? ""), flexible: true },
      ]);
    });
  },
});

const pause = defineCommand({
  summary: "Pause a job: it runs no more until it is resumed",
  args: { id, ...flags },
  run: (args, invocation) => setEnabled(args, invocation, false),
});

const resume = defineCommand({
  summary: "Let a paused job go on; what passed meanwhile is not made up for",
  args: { id, ...flags },
  run: (args, invocation) => setEnabled(args, invocation, true),
});

export const cron = defineGroup({
  summary: "What the agent does by the clock",
  fallback: "list",
  commands: { list, add, remove, run, history, pause, resume },
});

function setEnabled(
  args: Parameters<typeof withClient>[0] & { readonly id: string; readonly json?: boolean | undefined },
  invocation: Parameters<typeof withClient>[1],
  enabled: boolean,
): Promise<void> {
  return withClient(args, invocation, async ({ client }) => {
    const { out, err } = invocation.terminal;
    const job = await client.call("cron.update", { cron_id: args.id, enabled });
    if (args.json) return writeJson(out, job);
    err.write(`${job.cron_id}: ${nextOf(job)}\n`);
  });
}

interface When {
  readonly cron?: string | undefined;
  readonly every?: string | undefined;
  readonly at?: string | undefined;
  readonly tz?: string | undefined;
}

function scheduleOf({ cron: expression, every, at, tz }: When): CronSchedule {
  const zone = tz === undefined ? {} : { tz };
  if (tz !== undefined && every !== undefined)
    throw usageError("--tz is for --cron and --at", "Leave it out with --every");
  const given: CronSchedule[] = [
    ...(expression === undefined ? [] : [{ cron: expression, ...zone }]),
    ...(every === undefined ? [] : [{ every_ms: readTime("every", every) }]),
    ...(at === undefined ? [] : [{ at, ...zone }]),
  ];
  const [first] = given;
  if (given.length === 1 && first) return first;
  throw usageError("One of --cron, --every and --at says when", 'For example --cron "0 8 * * *"');
}

function deliverOf(to: string, secret: string | undefined) {
  if (/^https?:/.test(to)) return { webhook: to, ...(secret === undefined ? {} : { secret }) };
  if (to.startsWith("agent:")) return { session_key: to };
  const at = to.indexOf(":");
  if (at > 0 && at < to.length - 1) return { interface: to.slice(0, at), target: to.slice(at + 1) };
  throw usageError("--to is interface:conversation, a session key or a URL", "For example --to telegram:12345");
}

function readTime(flag: string, text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw usageError(`--${flag} must be a number and s, m, h or d`, `For example --${flag} 15m`);
  }
  return Number(count) * UNITS[unit]!;
}

function whenOf({ schedule }: Job): string {
  if ("cron" in schedule) return `${schedule.cron} (${schedule.tz})`;
  return "at" in schedule ? `at ${formatTime(schedule.at)}` : `every ${formatDuration(schedule.every_ms)}`;
}

function nextOf({ enabled, next_run_at }: Job): string {
  if (!enabled) return "paused";
  return next_run_at === null ? "done" : formatTime(next_run_at);
}
