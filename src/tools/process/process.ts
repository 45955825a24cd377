/** Looks after the jobs of a session: what `exec` left running in the background. */
import * as z from "zod";
import type { CommandPolicy } from "../../policy/command-policy.ts";
import { AlephError } from "../../protocol/errors.ts";
import { describeEnd } from "../../sandbox/describe-end.ts";
import type { JobState, Jobs } from "../../sandbox/jobs.ts";
import { defineTool, type Prepared, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import description from "./process.md" with { type: "text" };

interface Needs {
  readonly jobs: Omit<Jobs, "start" | "all" | "endSession" | typeof Symbol.asyncDispose>;
  readonly commands: CommandPolicy;
}

const ACTIONS = ["list", "read", "wait", "write", "signal", "resize", "kill"] as const;
const SIGNALS = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGSTOP",
  "SIGCONT",
  "SIGKILL",
] as const;
const WAIT_MS = 30_000;
const MAX_WAIT_MS = 600_000;
const READ_BYTES = 32 * 1024;

const params = z.strictObject({
  action: z.enum(ACTIONS),
  job_id: z.string().min(1).optional().describe("for all but list"),
  offset: z.int().min(0).optional().describe("for read: the byte to begin with; the newest part if left out"),
  timeout_ms: z.int().min(0).max(MAX_WAIT_MS).optional().describe("for wait: milliseconds, 30000 if left out"),
  text: z.string().max(100_000).optional().describe("for write; end a line with a line feed"),
  end_input: z.boolean().optional().describe("for write: nothing more will come"),
  signal: z.enum(SIGNALS).optional().describe("for signal"),
  columns: z.int().min(1).max(1000).optional().describe("for resize"),
  rows: z.int().min(1).max(1000).optional().describe("for resize"),
});

type Input = z.output<typeof params>;

export const processTool = defineTool({
  name: "process",
  description,
  params,
  parallel: false,
  async prepare(needs: Needs, input, context): Promise<Prepared> {
    const { action } = input;
    const { jobs } = needs;
    if (action === "list") {
      return {
        tier: "allow",
        reason: "Lists the jobs of this session",
        plan: { action },
        run: async () => listed(jobs.list(context.sessionKey)),
      };
    }
    const id = required(input.job_id, "job_id", action);
    const job = jobs.get(context.sessionKey, id);
    if (action === "write") return prepareWrite(needs, input, job, context);
    const work = prepareAction(jobs, action, input, id, context);
    const { job_id: _, action: __, ...rest } = input;
    return {
      tier: "allow",
      reason: "Looks after a job of this session",
      plan: { action, job_id: id, command: job.command, ...rest },
      run: work,
    };
  },
});

/** A shell that reads is as good as a command: it passes the floor like one, and somebody says yes. */
async function prepareWrite(
  { jobs, commands }: Needs,
  { text = "", end_input = false }: Input,
  { job_id, command, cwd }: JobState,
  { sessionKey, workspace }: ToolContext,
): Promise<Prepared> {
  const plan = { action: "write", job_id, command, text, end_input };
  const run = async () => {
    jobs.write(sessionKey, job_id, text, end_input);
    return { ok: true, text: "[written]" };
  };
  if (text.trim() === "")
    return { tier: "allow", reason: "Writes nothing but blanks to a job of this session", plan, run };
  const verdict = await commands.classify(text, { cwd, workspace });
  if (verdict.tier === "deny") {
    const { reason, rule } = verdict;
    return { tier: "deny", reason, plan, run, ...(rule === undefined ? {} : { rule }) };
  }
  return {
    tier: "ask",
    reason: "What the job reads may be a command to it",
    plan,
    pattern: { action: "write", job_id, command, text: "whatever it is" },
    run,
  };
}

function prepareAction(
  jobs: Needs["jobs"],
  action: Exclude<Input["action"], "list" | "write">,
  input: Input,
  id: string,
  { sessionKey, signal }: ToolContext,
): () => Promise<ToolResult> {
  switch (action) {
    case "read":
      return async () => read(jobs, sessionKey, id, input.offset);
    case "wait":
      return async () => {
        const job = await jobs.wait(sessionKey, id, input.timeout_ms ?? WAIT_MS, signal);
        return { ok: true, text: describe(job) };
      };
    case "signal": {
      const name = required(input.signal, "signal", action);
      return async () => {
        jobs.signal(sessionKey, id, name);
        return { ok: true, text: `[${name} sent]` };
      };
    }
    case "resize": {
      const columns = required(input.columns, "columns", action);
      const rows = required(input.rows, "rows", action);
      return async () => {
        jobs.resize(sessionKey, id, columns, rows);
        return { ok: true, text: `[${columns} columns, ${rows} rows]` };
      };
    }
    case "kill":
      return async () => ({ ok: true, text: describe(await jobs.kill(sessionKey, id)) });
  }
}

function read(jobs: Needs["jobs"], sessionKey: string, id: string, offset: number | undefined): ToolResult {
  const job = jobs.get(sessionKey, id);
  const wanted = offset ?? Math.max(0, job.output_bytes - READ_BYTES);
  const { text, from, next } = jobs.read(sessionKey, id, wanted, READ_BYTES);
  const missed = from > wanted ? `[bytes ${wanted} to ${from} are not kept any more]\n` : "";
  return {
    ok: true,
    text: `${missed}${text}\n[bytes ${from} to ${next} of ${job.output_bytes}]\n${describe(job)}`,
    ...(job.untrusted ? { untrusted: true } : {}),
  };
}

function listed(jobs: readonly JobState[]): ToolResult {
  return { ok: true, text: jobs.length === 0 ? "[no jobs]" : jobs.map(describe).join("\n") };
}

function describe({ job_id, command, end, output_bytes, pty }: JobState): string {
  const state = end ? `ended ${describeEnd(end)}`.trimEnd() : "runs";
  return `${job_id}: ${state}, ${output_bytes} bytes of output${pty ? ", in a terminal" : ""}: ${command}`;
}

function required<T>(value: T | undefined, name: string, action: string): T {
  if (value === undefined) throw new AlephError("invalid_params", `"${action}" needs "${name}"`);
  return value;
}
