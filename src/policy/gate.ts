/** The one door: every tool call from any side passes here and is judged before it runs. */
import type * as z from "zod";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { ToolResultPart } from "../protocol/message.ts";
import type { AnyTool, Prepared, ToolContext, ToolResult } from "../sdk/tool.ts";
import type { Approvals } from "./approvals.ts";
import { describeIssues } from "./issues.ts";

export interface ToolOutcome extends Omit<ToolResult, "ok"> {
  readonly status: ToolResultPart["status"];
  readonly durationMs: number;
}

export interface Gate {
  /**
   * Validates `input`, prepares the call, decides its tier, asks where it must, runs it. Never throws: every way that
   * a call can end is an outcome whose text tells the model what happened.
   */
  call(tool: AnyTool, input: unknown, context: ToolContext): Promise<ToolOutcome>;
}

export interface GateOptions {
  readonly approvals: Pick<Approvals, "request">;
  /** All that tools need; each takes its part. Asked at each call, made at the first. */
  readonly needs: () => Promise<object>;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Asked at each call, so that a reload takes effect at once. */
  readonly config: () => { readonly exec: { readonly approval_timeout_ms: number } };
  /** The most characters of text that the model gets from one call. */
  readonly maxText?: number;
  /** How long a tool may take to end after its signal aborted, before its end counts as unknown. */
  readonly settleMs?: number;
}

type Ending = Omit<ToolOutcome, "durationMs">;

/** What a tool throws when it may not, rather than cannot. */
const REFUSALS: ReadonlySet<Reason> = new Set<Reason>(["forbidden", "approval_denied", "sandbox_denied"]);
const MAX_TEXT = 100_000;
const SETTLE_MS = 5_000;

export function createGate(options: GateOptions): Gate {
  const { now = () => performance.now(), log } = options;
  return {
    async call(tool, input, context) {
      const started = now();
      let ending: Ending;
      try {
        ending = await judge(options, tool, input, context);
      } catch (thrown) {
        ending = failed(tool, thrown, context, log);
      }
      return { ...capped(ending, options.maxText ?? MAX_TEXT), durationMs: Math.max(0, Math.round(now() - started)) };
    },
  };
}

async function judge(options: GateOptions, tool: AnyTool, input: unknown, context: ToolContext): Promise<Ending> {
  if (context.signal.aborted) return cancelled("Cancelled before it began");
  const parsed = await tool.params.safeParseAsync(input);
  if (!parsed.success) return { status: "error", text: describeIssues(tool, input, parsed.error as z.ZodError) };
  const prepared: Prepared = await tool.prepare(await options.needs(), parsed.data, context);
  if (prepared.tier === "deny") return denied(`Refused by policy: ${prepared.reason}. Do not try it in another way`);
  if (prepared.tier === "ask") {
    const refusal = await ask(options, tool, prepared, context);
    if (refusal) return refusal;
  }
  if (context.signal.aborted) return cancelled("Cancelled before it began");
  return await run(prepared, context, options.settleMs ?? SETTLE_MS);
}

/** Nothing when a person said yes. */
async function ask(
  { approvals, config }: GateOptions,
  tool: AnyTool,
  { plan, reason }: Prepared,
  { runId, sessionKey, workspace, identity, signal }: ToolContext,
): Promise<Ending | undefined> {
  const ttlMs = config().exec.approval_timeout_ms;
  const question = { tool: tool.name, plan, reason, runId, sessionKey, workspace, identity, ttlMs };
  const answer = await approvals.request(question, signal);
  switch (answer) {
    case "once":
    case "session":
    case "always":
      return undefined;
    case "deny":
      return denied("The user refused this call. Do not repeat it; ask what they would like instead");
    case "expired":
      return denied("Nobody approved this call in time, so it did not run");
    case "cancelled":
      return cancelled("Cancelled while it waited for approval; it did not run");
  }
}

async function run(prepared: Prepared, { signal }: ToolContext, settleMs: number): Promise<Ending> {
  const running = prepared.run();
  const settled = await Promise.race([running, overdue(signal, running, settleMs)]);
  if (settled === undefined) {
    return { status: "unknown", text: "Cancelled, but the tool did not end; it may or may not have had its effect" };
  }
  const { ok, ...result } = settled;
  if (signal.aborted && !ok) return { status: "cancelled", ...result };
  return { status: ok ? "ok" : "error", ...result };
}

/** Resolves some time after `signal` aborted; never if `running` ends first. */
function overdue(signal: AbortSignal, running: Promise<unknown>, settleMs: number): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let timer: Timer | undefined;
  const start = () => {
    timer = setTimeout(() => resolve(undefined), settleMs);
  };
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", start);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  running.then(stop, stop);
  return promise;
}

function failed(tool: AnyTool, thrown: unknown, context: ToolContext, log: Log): Ending {
  if (context.signal.aborted) return cancelled("Cancelled");
  if (thrown instanceof AlephError && thrown.reason !== "internal") {
    const hint = typeof thrown.data.hint === "string" ? `. ${thrown.data.hint}` : "";
    const status = REFUSALS.has(thrown.reason) ? "denied" : "error";
    return { status, text: `${thrown.message}${hint}` };
  }
  log.error("tool failed", { tool: tool.name, call_id: context.callId, ...describeError(thrown) });
  return { status: "error", text: `Tool "${tool.name}" failed for an internal reason; the log has the cause` };
}

/** Keeps both ends: the beginning says what it is, the end how it went. */
function capped(ending: Ending, limit: number): Ending {
  const { text } = ending;
  if (text.length <= limit) return ending;
  const half = Math.floor(limit / 2);
  const gap = `\n[… ${text.length - 2 * half} characters left out …]\n`;
  return { ...ending, text: (text.slice(0, half) + gap + text.slice(-half)).toWellFormed() };
}

function denied(text: string): Ending {
  return { status: "denied", text };
}

function cancelled(text: string): Ending {
  return { status: "cancelled", text };
}
