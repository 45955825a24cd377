/** The one door: every tool call from any side passes here and is judged before it runs. */
import type { KnownSecrets } from "../config/known-secrets.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError, type Reason } from "../protocol/errors.ts";
import type { ToolResultPart } from "../protocol/message.ts";
import type { EventHooks, Hooks } from "../sdk/hook.ts";
import type { KeptResults } from "../sdk/kept-results.ts";
import type { AnyTool, ForeignTool, Prepared, ToolContext, ToolResult } from "../sdk/tool.ts";
import type { Approvals } from "./approvals.ts";
import { type CheckArguments, createArgumentCheck, isForeign } from "./arguments.ts";
import { askUntilSame } from "./asking.ts";
import type { Audit } from "./audit/audit.ts";
import { type Args, askAfter, askBefore } from "./hooked-call.ts";

export interface ToolOutcome extends Omit<ToolResult, "ok" | "unknown"> {
  readonly status: ToolResultPart["status"];
  readonly durationMs: number;
  /** The server stops, and nobody has answered yet: the call has not begun, and its question stays open. */
  readonly left?: true;
  /** What the tool really got, where hooks changed what was asked. */
  readonly args?: Args;
}

export interface Gate {
  /**
   * Validates `input`, lets hooks see and change it, prepares the call, decides its tier, asks where it must, runs it, lets
   * hooks see and change the result. Never throws: every way that a call can end is an outcome whose text tells the model
   * what happened.
   */
  call(tool: AnyTool | ForeignTool, input: unknown, context: ToolContext): Promise<ToolOutcome>;
}

export interface GateOptions {
  readonly approvals: Pick<Approvals, "request">;
  /** All that tools need; each takes its part. Asked at each call, made at the first. */
  readonly needs: () => Promise<object>;
  readonly hooks?: Hooks;
  /** Told of each decision before anything runs, and how each call ended. */
  readonly audit?: Pick<Audit, "decided" | "ended">;
  /** What must not reach a model, a person who watches, or history. */
  readonly secrets?: Pick<KnownSecrets, "all" | "mask" | "stream">;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Asked at each call, so that a reload takes effect at once. */
  readonly config: () => { readonly exec: { readonly approval_timeout_ms: number } };
  /** Where results are kept that are longer than what is shown of them. */
  readonly results?: Pick<KeptResults, "keep">;
  /** The most characters of text that the model gets from one call. */
  readonly maxText?: number;
  /** How long a tool may take to end after its signal aborted, before its end counts as unknown. */
  readonly settleMs?: number;
}

type Ending = Omit<ToolOutcome, "durationMs">;

interface Judging extends GateOptions {
  readonly check: CheckArguments;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly maxText: number;
}

/** What a tool throws when it may not, rather than cannot. */
const REFUSALS: ReadonlySet<Reason> = new Set<Reason>(["forbidden", "approval_denied", "sandbox_denied"]);
const MAX_TEXT = 60_000;
const SETTLE_MS = 5_000;

export function createGate(options: GateOptions): Gate {
  const { now = () => performance.now(), log, maxText = MAX_TEXT } = options;
  const judging: Judging = { ...options, now, maxText, check: createArgumentCheck(log) };
  return {
    async call(tool, input, context) {
      const started = now();
      let ending: Ending;
      const live = await watched(options.secrets, context);
      try {
        ending = await judge(judging, tool, input, live.context);
      } catch (thrown) {
        ending = failed(tool.name, thrown, context, options);
      }
      live.end();
      options.audit?.ended(tool.name, ending, context);
      return {
        ...(await shown(judging, tool.name, ending, context)),
        durationMs: Math.max(0, Math.round(now() - started)),
      };
    },
  };
}

async function judge(o: Judging, tool: AnyTool | ForeignTool, input: unknown, context: ToolContext): Promise<Ending> {
  if (context.signal.aborted) return cancelled("Cancelled before it began");
  const checked = await o.check(tool, input);
  if ("fault" in checked) return { status: "error", text: checked.fault };
  let before = o.hooks?.of("before_tool_call");
  if (before instanceof Promise) before = await before;
  let after = o.hooks?.of("after_tool_call");
  if (after instanceof Promise) after = await after;
  if (!before && !after) return await decide(o, tool, checked.args, context);
  return await judgeHooked(o, tool, { input: input as Args, args: checked.args, before, after }, context);
}

/** What a tool shows while it runs is masked as one text, wherever its pieces are cut. */
async function watched(
  secrets: GateOptions["secrets"],
  context: ToolContext,
): Promise<{ readonly context: ToolContext; readonly end: () => void }> {
  if (secrets === undefined) return { context, end: () => {} };
  await secrets.all();
  const live = secrets.stream();
  const show = (text: string) => {
    if (text !== "") context.progress(text);
  };
  return {
    context: { ...context, progress: (text) => show(live.push(text)) },
    end: () => show(live.end()),
  };
}

interface Hooked {
  /** As the caller wrote it. */
  readonly input: Args;
  /** As the tool gets it. */
  readonly args: unknown;
  readonly before: EventHooks<"before_tool_call"> | undefined;
  readonly after: EventHooks<"after_tool_call"> | undefined;
}

async function judgeHooked(
  o: Judging,
  tool: AnyTool | ForeignTool,
  { input, args, before, after }: Hooked,
  context: ToolContext,
): Promise<Ending> {
  const called = { tool: tool.name, args: input, context };
  const said = before ? await askBefore(before, called) : { args: input };
  if ("refusal" in said) return denied(said.refusal);
  const isChanged = said.args !== input;
  const checked = isChanged ? await o.check(tool, said.args) : { args };
  const changed = isChanged ? { args: said.args } : {};
  if ("fault" in checked) {
    return {
      status: "error",
      text: `A plugin changed the arguments, and they do not fit any more. ${checked.fault}`,
      ...changed,
    };
  }
  const began = o.now();
  // What hooks may keep back is not shown before they have seen it.
  const shown = after?.decides ? { ...context, progress: () => {} } : context;
  let ran = false;
  const onRun = () => {
    ran = true;
  };
  const ending: Ending =
    said.answer === undefined
      ? await decide(o, tool, checked.args, shown, onRun).catch((thrown: unknown) =>
          failed(tool.name, thrown, context, o),
        )
      : { status: "ok", text: masked(o, said.answer), untrusted: true };
  if (!after || (!ran && said.answer === undefined)) return { ...ending, ...changed };
  const { status, text } = capped(ending, o.maxText);
  const durationMs = Math.max(0, Math.round(o.now() - began));
  const last = await askAfter(after, { ...called, args: said.args }, { status, text, durationMs });
  if ("refusal" in last) return { ...denied(last.refusal), ...changed };
  // What a plugin wrote is a stranger's word too.
  const written = last.text === text ? {} : ({ untrusted: true } as const);
  return { ...ending, text: masked(o, last.text), ...written, ...changed };
}

async function decide(
  options: Judging,
  tool: AnyTool | ForeignTool,
  args: unknown,
  context: ToolContext,
  onRun?: () => void,
): Promise<Ending> {
  const prepare = async (): Promise<Prepared> => {
    const call = isForeign(tool)
      ? await tool.prepare(args as Args, context)
      : await tool.prepare(await options.needs(), args, context);
    const prepared = { ...call, ...tierOf(call, context) };
    options.audit?.decided(tool.name, prepared, context);
    return prepared;
  };
  let prepared = await prepare();
  if (prepared.tier === "deny") return denied(`Refused by policy: ${prepared.reason}. Do not try it in another way`);
  if (prepared.tier === "ask") {
    const ttlMs = options.config().exec.approval_timeout_ms;
    const { approvals } = options;
    const asked = await askUntilSame(prepared, { approvals, ttlMs, tool: tool.name, again: prepare }, context);
    if ("refusal" in asked) return denied(asked.refusal);
    if ("answer" in asked) return notApproved(asked.answer);
    prepared = asked.prepared;
  }
  if ((context.waiting ?? context.signal).aborted) return cancelled("Cancelled before it began");
  onRun?.();
  const ending = await run(prepared, context, options.settleMs ?? SETTLE_MS).catch((thrown: unknown): Ending => {
    const { status, text } = failed(tool.name, thrown, context, options);
    return { status, text, ...(prepared.untrusted ? { untrusted: true } : {}) };
  });
  return { ...ending, text: masked(options, ending.text) };
}

function masked({ secrets }: Pick<GateOptions, "secrets">, text: string): string {
  return secrets === undefined ? text : secrets.mask(text);
}

/** The tool's own tier, made stricter by what is in the run and by who calls. */
function tierOf(
  { tier, reason, outward }: Prepared,
  { tainted, identity }: ToolContext,
): Pick<Prepared, "tier" | "reason"> {
  // What a stranger wrote may have led the model to the call: then nothing leaves without a person's word.
  const raised = tier === "allow" && outward && tainted;
  const asks = raised || tier === "ask";
  const why = raised ? `${reason}. Content from outside is in this run, so what leaves it needs your word` : reason;
  // Others get what the policy allows; the owner is not to be worn down with questions on their behalf.
  if (asks && identity.kind !== "owner" && identity.kind !== "device") {
    return { tier: "deny", reason: `${why}. Only calls of the owner can be approved` };
  }
  return { tier: asks ? "ask" : tier, reason: why };
}

function notApproved(answer: "deny" | "expired" | "cancelled" | "left"): Ending {
  switch (answer) {
    case "left":
      return { ...cancelled("The server stopped while it waited for approval; it did not run"), left: true };
    case "deny":
      return denied("The user refused this call. Do not repeat it; ask what they would like instead");
    case "expired":
      return denied("Nobody approved this call in time, so it did not run");
    case "cancelled":
      return cancelled("Cancelled while it waited for approval; it did not run");
  }
}

async function run(prepared: Prepared, { signal, waiting = signal }: ToolContext, settleMs: number): Promise<Ending> {
  const running = prepared.run();
  const settled = await Promise.race([running, overdue(signal, running, settleMs)]);
  if (settled === undefined) {
    return { status: "unknown", text: "Cancelled, but the tool did not end; it may or may not have had its effect" };
  }
  const { ok, unknown, ...result } = settled;
  if (unknown) return { status: "unknown", ...result };
  if (waiting.aborted && !ok) return { status: "cancelled", ...result };
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

function failed(
  tool: string,
  thrown: unknown,
  context: ToolContext,
  options: Pick<GateOptions, "secrets" | "log">,
): Ending {
  if (context.signal.aborted) return cancelled("Cancelled");
  if (thrown instanceof AlephError && thrown.reason !== "internal") {
    const hint = typeof thrown.data.hint === "string" ? `. ${thrown.data.hint}` : "";
    const status = REFUSALS.has(thrown.reason) ? "denied" : "error";
    // Others have a part in these words: a server that names the key which it refuses.
    return { status, text: masked(options, `${thrown.message}${hint}`) };
  }
  options.log.error("tool failed", { tool, call_id: context.callId, ...describeError(thrown) });
  return { status: "error", text: `Tool "${tool}" failed for an internal reason; the log has the cause` };
}

/** What is longer than it may be is kept whole, so that the model can read on where it wants to. */
async function shown(
  { results, maxText, log }: Judging,
  tool: string,
  ending: Ending,
  { sessionKey, callId }: ToolContext,
): Promise<Ending> {
  if (!results || ending.text.length <= maxText) return capped(ending, maxText);
  const { text, untrusted } = ending;
  try {
    const handle = await results.keep(sessionKey, { tool, text, ...(untrusted ? { untrusted } : {}) });
    return capped(ending, maxText, (from) => `; read_result with handle "${handle}" and offset ${from} shows more`);
  } catch (thrown) {
    log.warn("a long result could not be kept", { tool, call_id: callId, ...describeError(thrown) });
    return capped(ending, maxText);
  }
}

/** Keeps both ends: the beginning says what it is, the end how it went. */
function capped(ending: Ending, limit: number, more: (from: number) => string = () => ""): Ending {
  const { text } = ending;
  if (text.length <= limit) return ending;
  const half = Math.floor(limit / 2);
  const gap = `\n[… ${text.length - 2 * half} characters left out${more(half)} …]\n`;
  return { ...ending, text: (text.slice(0, half) + gap + text.slice(-half)).toWellFormed() };
}

function denied(text: string): Ending {
  return { status: "denied", text };
}

function cancelled(text: string): Ending {
  return { status: "cancelled", text };
}
