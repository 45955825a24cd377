/** `aleph runs`: what was asked and answered, one run at a time, and recorded runs once more. */
import type { Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatElapsed, formatTime } from "../format.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { writeFacts, writeTable } from "../table.ts";

const STATUSES = ["queued", "running", "completed", "failed", "cancelled", "interrupted"] as const;

const flags = { ...jsonFlag, ...serverFlags } as const;

const id = { type: "positional", required: true, description: "run id, see the list", completion: "runs" } as const;

const list = defineCommand({
  summary: "List runs, newest first",
  args: {
    session: { type: "string", valueHint: "key", description: "of this session alone", completion: "sessions" },
    status: { type: "enum", options: [...STATUSES, "all"], description: "those that stand so", default: "all" },
    limit: { type: "string", valueHint: "n", description: "how many at most", default: "20" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const limit = toCount("limit", args.limit, 1000);
      const status = STATUSES.find((known) => known === args.status);
      const found = await client.call("runs.list", {
        limit,
        ...(status ? { status } : {}),
        ...(args.session === undefined ? {} : { session_key: args.session }),
      });
      if (args.json) return writeJson(out, found);
      if (found.runs.length === 0) return void err.write("No runs\n");
      const now = Date.now();
      writeTable(out, found.runs, [
        { title: "RUN", value: ({ run_id }) => run_id },
        { title: "SESSION", value: ({ session_key }) => session_key, flexible: true },
        { title: "STATUS", value: ({ status: own }) => own },
        { title: "STEPS", value: ({ steps }) => steps, align: "right" },
        { title: "TOKENS", value: tokensOf, align: "right" },
        { title: "STARTED", value: ({ created_at }) => formatAgo(created_at, now) },
      ]);
    }),
});

const show = defineCommand({
  summary: "Show one run with its answer",
  args: { id, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const run = await client.call("runs.get", { run_id: args.id });
      if (args.json) return writeJson(out, run);
      const { started_at, ended_at, usage } = run;
      writeFacts(out, [
        ["run", run.run_id],
        ["session", run.session_key],
        ["status", run.status],
        ["model", run.model],
        ["steps", run.steps],
        ["started", formatTime(started_at ?? run.created_at)],
        ["took", started_at !== null && ended_at !== null ? formatElapsed(ended_at - started_at) : undefined],
        ["tokens", usage ? `${usage.input} in, ${usage.output} out, ${usage.cache_read} cached` : undefined],
        ["cost", usage && usage.cost_usd !== null ? `${usage.cost_usd.toFixed(4)} US dollars` : undefined],
        ["error", run.error ? run.error.message : undefined],
      ]);
      if (run.text) out.write(`\n${printable(run.text).trimEnd()}\n`);
    }),
});

const replay = defineCommand({
  summary: "Play a recorded run once more, offline, and tell what is not as it was",
  details:
    "Nothing is asked of a provider and no tool is called. Exit code 1 when something differs. Runs are recorded with debug.record = true in config.toml.",
  args: { id, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { out, err } = invocation.terminal;
      const played = await client.call("runs.replay", { run_id: args.id });
      const { differences, events, text } = played;
      if (args.json) writeJson(out, played);
      else {
        // To a program byte for byte.
        out.write(out.isTerminal ? `${printable(text)}\n` : text);
        const compared = played.compared_events ? `${events.length} events` : "the run's own events are gone";
        if (differences.length === 0) err.write(`${err.style.dim(`As it was recorded (${compared})`)}\n`);
        for (const { where, path, recorded, replayed } of differences) {
          const place = printableLine(path === "" ? where : `${where}, ${path}`);
          err.write(`${err.style.yellow(place)}\n  recorded ${short(recorded)}\n  replayed ${short(replayed)}\n`);
        }
      }
      return differences.length === 0 ? EXIT.ok : EXIT.failure;
    }),
});

const events = defineCommand({
  summary: "Show what happened in a run, from its kept events",
  args: {
    id,
    after: { type: "string", valueHint: "seq", description: "only what came after this number", default: "0" },
    limit: { type: "string", valueHint: "n", description: "how many at most", default: "1000" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "runs.events",
      params: {
        run_id: args.id,
        after_seq: toCount("after", args.after, Number.MAX_SAFE_INTEGER, 0),
        limit: toCount("limit", args.limit, 5000),
      },
      tell({ events: found }, { out, err }) {
        if (found.length === 0) return err.write("No events of it are kept\n");
        writeTable(out, found, [
          { title: "SEQ", value: ({ seq }) => seq, align: "right" },
          { title: "TIME", value: ({ ts }) => formatTime(ts) },
          { title: "TOPIC", value: ({ topic }) => topic },
          { title: "DATA", value: ({ data }) => JSON.stringify(data), flexible: true },
        ]);
      },
    }),
});

const queue = defineCommand({
  summary: "Show what runs now and what waits, by session",
  args: flags,
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "runs.queue",
      params: {},
      tell({ sessions }, { out, err }) {
        if (sessions.length === 0) return err.write("Nothing runs\n");
        const rows = sessions.flatMap(({ session_key, active_run, queued_runs }) => [
          ...(active_run === null ? [] : [{ run_id: active_run, status: "running", session_key }]),
          ...queued_runs.map((run_id) => ({ run_id, status: "queued", session_key })),
        ]);
        writeTable(out, rows, [
          { title: "RUN", value: ({ run_id }) => run_id },
          { title: "STATUS", value: ({ status }) => status },
          { title: "SESSION", value: ({ session_key }) => session_key, flexible: true },
        ]);
      },
    }),
});

const wait = defineCommand({
  summary: "Wait until a run has ended, and show its answer",
  details: "Exit code 1 when it did not complete, or not in time.",
  args: {
    id,
    timeout: { type: "string", valueHint: "s", description: "how many seconds at most", default: "3600" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "runs.wait",
      params: { run_id: args.id, timeout_ms: toCount("timeout", args.timeout, 3600) * 1000 },
      tell({ status, text, error }, { out, err }) {
        if (text) out.write(`${out.isTerminal ? printable(text).trimEnd() : text.trimEnd()}\n`);
        if (status !== "completed") err.write(`It is ${status}${error ? `: ${printableLine(error.message)}` : ""}\n`);
      },
      isGood: ({ status }) => status === "completed",
      options: SERVER_ONLY,
    }),
});

const cancel = defineCommand({
  summary: "Cancel a run: the model stops at once, a tool that is running may finish",
  args: {
    id,
    now: { type: "boolean", description: "abort it, with the processes of its tools" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: args.now ? "agent.abort" : "agent.cancel",
      params: { run_id: args.id },
      tell: ({ run_id, status }, { err }) => err.write(`${run_id} is ${status}\n`),
      options: SERVER_ONLY,
    }),
});

const steer = defineCommand({
  summary: "Add a message to a run that is under way; it sees it at its next step",
  args: {
    id,
    message: { type: "positional", required: true, rest: true, description: "what it is told" },
    ...flags,
  },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "agent.steer",
      params: { run_id: args.id, message: args._.slice(1).join(" ") },
      tell: ({ run_id }, { err }) => err.write(`${run_id} is told\n`),
      options: SERVER_ONLY,
    }),
});

export const runs = defineGroup({
  summary: "List, show, wait for, steer and cancel runs, and play recorded ones again",
  fallback: "list",
  commands: { list, show, events, queue, wait, steer, cancel, replay },
});

type Run = Result<"runs.list">["runs"][number];

function tokensOf({ usage }: Run): number | undefined {
  return usage && usage.input + usage.output + usage.cache_read + usage.cache_write;
}

function short(value: unknown): string {
  const text = printableLine(value === undefined ? "nothing" : JSON.stringify(value));
  return text.length > 300 ? `${text.slice(0, 300)} …` : text;
}
