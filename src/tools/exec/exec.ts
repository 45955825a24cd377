/** Runs a command, as the policy judges it and the sandbox confines it. */
import * as z from "zod";
import { canonicalJson } from "../../lib/canonical-json.ts";
import { LONGEST_TIMER_MS } from "../../lib/longest-timer.ts";
import type { Verdict } from "../../policy/command.ts";
import type { CommandPolicy } from "../../policy/command-policy.ts";
import { AlephError } from "../../protocol/errors.ts";
import { describeEnd } from "../../sandbox/describe-end.ts";
import type { Files } from "../../sandbox/files.ts";
import type { Jobs } from "../../sandbox/jobs.ts";
import { KeptOutput } from "../../sandbox/kept-output.ts";
import type { CommandResult, Launcher, Leave, SandboxPlan, StartOptions } from "../../sandbox/launcher.ts";
import { networkRuleOf } from "../../sandbox/network-rules.ts";
import { defineTool, type Prepared, type ToolContext, type ToolResult } from "../../sdk/tool.ts";
import description from "./exec.md" with { type: "text" };

interface Needs {
  readonly files: Pick<Files, "locate">;
  readonly commands: CommandPolicy;
  readonly launcher: Launcher;
  readonly jobs: Pick<Jobs, "start" | "write">;
  readonly config: () => { readonly exec: { readonly timeout_ms: number; readonly max_output: number } };
}

const MAX_TIMEOUT_MS = 3_600_000;
const TERMINAL = { columns: 100, rows: 30 };

const params = z.strictObject({
  command: z.string().min(1).describe("the command line"),
  cwd: z.string().min(1).optional().describe("the folder to run in, relative to the workspace"),
  timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).optional().describe("milliseconds after which it is killed"),
  network: z
    .array(z.string().min(1).max(300))
    .max(20)
    .optional()
    .describe('hosts that it must reach, like "https://pypi.org"; without them there is no network'),
  stdin: z.string().max(1_000_000).optional().describe("what it reads as input"),
  pty: z.boolean().optional().describe("run it in a terminal, for programs that want one"),
  background: z.boolean().optional().describe("answer at once with a job id; the process tool reads and ends it"),
});

type Input = z.output<typeof params>;

export const exec = defineTool({
  name: "exec",
  description,
  params,
  parallel: false,
  async prepare(needs: Needs, input, context): Promise<Prepared> {
    const { command, cwd = ".", timeout_ms, stdin, pty, background } = input;
    const network = (input.network ?? []).map(networkRuleOf);
    const judge = async () => {
      const [workspace, folder] = await Promise.all([
        needs.files.locate(context.workspace, "."),
        needs.files.locate(context.workspace, cwd),
      ]);
      if (!folder.stats?.isDirectory()) throw new AlephError("not_found", `"${cwd}" is not a folder in the workspace`);
      const hosts = network.map((rule) => rule.replace(/^connect:/, ""));
      const where = { cwd: folder.path, workspace: workspace.path, network: hosts };
      const verdict = await needs.commands.classify(command, where);
      const leave: Leave = { writes: verdict.tier !== "allow", network: verdict.tier === "allow" ? [] : network };
      const sandbox = await needs.launcher.plan(leave, workspace.path);
      return { workspace: workspace.path, leave, judged: withSandbox(verdict, sandbox, network), sandbox };
    };
    const first = await judge();
    const { tier, reason, plan, rule, pattern } = first.judged;
    return {
      tier,
      reason,
      ...(rule === undefined ? {} : { rule }),
      // What it reads may decide what it does: a grant for always says nothing of it.
      ...(pattern === undefined ? {} : { pattern: stdin === undefined ? pattern : null }),
      plan: {
        ...plan,
        ...(timeout_ms === undefined ? {} : { timeout_ms }),
        ...(stdin === undefined ? {} : { stdin }),
        ...(pty ? { pty } : {}),
        ...(background ? { background } : {}),
        sandbox: { ...first.sandbox },
      },
      async run() {
        // Files may have changed since it was judged, and a person may have taken a while.
        const again = await judge();
        assertSame(first, again);
        return runJudged(
          needs,
          { plan, leave: first.leave, workspace: again.workspace, sandbox: first.sandbox },
          input,
          context,
        );
      },
    };
  },
});

interface Judged {
  readonly plan: Verdict["plan"];
  readonly leave: Leave;
  readonly workspace: string;
  readonly sandbox: SandboxPlan;
}

/** Where nothing can be enforced a person must know; and what they grant for always is no more than what they saw. */
function withSandbox(verdict: Verdict, { level, reason }: SandboxPlan, network: readonly string[]): Verdict {
  const { tier, pattern } = verdict;
  if (tier === "deny") return verdict;
  if (level === "none") {
    return {
      ...verdict,
      tier: "ask",
      reason: `${verdict.reason}. Nothing confines commands here: ${reason}. It could do whatever you could`,
      pattern: null,
    };
  }
  return pattern && network.length > 0 ? { ...verdict, pattern: { ...pattern, network } } : verdict;
}

async function runJudged(
  { launcher, jobs, config }: Needs,
  { plan, leave, workspace, sandbox }: Judged,
  { command, timeout_ms, stdin, pty, background }: Input,
  context: ToolContext,
): Promise<ToolResult> {
  const common = {
    ...leave,
    network: sandbox.network,
    cwd: plan.cwd,
    workspace,
    mayRunUnsandboxed: sandbox.level === "none",
    ...(pty ? { terminal: TERMINAL } : {}),
  };
  // What it prints may be what a host has sent.
  const untrusted = sandbox.network.length > 0;
  if (background) {
    const job = await jobs.start(plan, {
      ...common,
      sessionKey: context.sessionKey,
      command,
      untrusted,
      timeoutMs: timeout_ms ?? 0,
    });
    if (stdin !== undefined) jobs.write(context.sessionKey, job.job_id, stdin, false);
    return { ok: true, text: `Job ${job.job_id} runs in the background` };
  }
  const timeoutMs = timeout_ms ?? config().exec.timeout_ms;
  const signal = context.signal;
  const result =
    pty || stdin !== undefined
      ? await runWithInput(
          launcher,
          plan,
          { ...common, signal },
          { stdin, timeoutMs, limit: config().exec.max_output, context },
        )
      : await launcher.run(plan, { ...common, signal, timeoutMs, onOutput: (text) => context.progress(text) });
  return { ...describe(result), ...(untrusted ? { untrusted } : {}) };
}

/** A terminal takes what is written to it until the program ends. */
async function runWithInput(
  launcher: Launcher,
  plan: Verdict["plan"],
  options: Omit<StartOptions, "onOutput">,
  {
    stdin = "",
    timeoutMs,
    limit,
    context,
  }: { stdin: string | undefined; timeoutMs: number; limit: number; context: ToolContext },
): Promise<CommandResult> {
  const output = new KeptOutput(limit);
  const decoder = new TextDecoder();
  await using running = await launcher.start(plan, {
    ...options,
    onOutput(bytes) {
      if (output.end < limit) context.progress(decoder.decode(bytes, { stream: true }));
      output.add(bytes);
    },
  });
  let timedOut = false;
  const late = () => {
    timedOut = true;
    running.signal("SIGKILL");
  };
  const timer = timeoutMs > 0 ? setTimeout(late, Math.min(timeoutMs, LONGEST_TIMER_MS)) : undefined;
  if (stdin !== "") running.write(stdin);
  running.endInput();
  const end = await running.ended;
  clearTimeout(timer);
  const { text, from } = output.read(0, limit);
  const left = from > 0 ? `[… ${from} bytes left out …]\n` : "";
  return { ...end, output: left + text, truncated: from > 0, timedOut };
}

/** What was judged or approved must be what would run now: its programs, files, folder and sandbox too. */
function assertSame(before: { judged: Verdict; sandbox: SandboxPlan }, now: { judged: Verdict; sandbox: SandboxPlan }) {
  const of = ({ judged, sandbox }: typeof before) => canonicalJson({ judged, sandbox });
  if (of(before) !== of(now)) {
    throw new AlephError("forbidden", "What the command would touch has changed since it was judged", {
      data: { hint: "Call it again" },
    });
  }
}

function describe(result: CommandResult): ToolResult {
  const text = result.output.trimEnd();
  const end = describeEnd(result);
  const ok = result.exitCode === 0 && !result.timedOut && result.overuse === undefined;
  if (end === "") return { ok, text: text === "" ? "[no output]" : text };
  return { ok, text: text === "" ? end : `${text}\n${end}` };
}
