/** Does on a node what the center asks, once, and only what was judged. */
import { canonicalDigest } from "../lib/canonical-json.ts";
import type { Log } from "../lib/log.ts";
import { AlephError, toRpcError } from "../protocol/errors.ts";
import type { NodeAnswer, NodeCallParams, NodeJudgeParams, NodeMemory, NodeVerdict } from "../protocol/node.ts";
import { KeptCalls, type KeptLimits } from "./kept-calls.ts";
import type { CommandContext, NodeCommand, PreparedCommand } from "./node-command.ts";
import { judgeByPolicy, type NodePolicy, permits } from "./node-policy.ts";

export interface ExecutorOptions {
  readonly commands: Readonly<Record<string, NodeCommand>>;
  readonly policy: () => NodePolicy;
  /** Absolute, resolved. */
  readonly workspace: string;
  readonly log: Log;
  readonly now: () => number;
  /** Output of a call; may be lost. */
  readonly onOutput: (callId: string, content: string) => void;
  readonly limits?: Partial<KeptLimits>;
}

const MAX_RUNNING = 64;
/** Of what was judged a moment ago and may be called now. */
const MAX_JUDGED = 64;
const JUDGED_LASTS_MS = 5_000;
const JUDGING = "judge";

export class Executor {
  readonly #o: ExecutorOptions;
  readonly #kept: KeptCalls<NodeAnswer>;
  readonly #running = new Map<string, AbortController>();
  readonly #judged = new Map<string, Judged>();

  constructor(options: ExecutorOptions) {
    this.#o = options;
    const sizeOf = (answer: NodeAnswer) => JSON.stringify(answer).length;
    this.#kept = new KeptCalls({ now: options.now, sizeOf, limits: options.limits ?? {} });
  }

  /** What the owner of this machine lets be called. */
  get commands(): readonly string[] {
    return Object.keys(this.#o.commands).filter((name) => permits(this.#o.policy(), name));
  }

  async judge({ command, args, session_key }: NodeJudgeParams): Promise<NodeVerdict> {
    const { prepared, digest } = await this.#prepare(command, args, session_key, JUDGING, new AbortController().signal);
    const { tier, reason, rule, plan, pattern, outward } = prepared;
    return {
      tier,
      reason,
      plan: { ...plan },
      digest,
      ...(rule === undefined ? {} : { rule }),
      ...(pattern === undefined ? {} : { pattern: pattern && { ...pattern } }),
      ...(outward ? { outward } : {}),
    };
  }

  /** The same answer however often it is asked. Throws `conflict` for a call that must not begin any more. */
  async call(params: NodeCallParams): Promise<NodeAnswer> {
    const { call_id: id } = params;
    if (this.#running.size >= MAX_RUNNING) throw new AlephError("overloaded", `${MAX_RUNNING} calls run on this node`);
    if (!this.#kept.begin(id)) return this.#known(id);
    const ends = new AbortController();
    this.#running.set(id, ends);
    const late = () => ends.abort(new AlephError("timeout", `It took longer than ${params.timeout_ms} ms`));
    const timer = setTimeout(late, params.timeout_ms);
    let answer: NodeAnswer;
    try {
      answer = await this.#run(params, ends.signal);
    } catch (thrown) {
      answer = failed(thrown, ends.signal, this.#o.log);
    } finally {
      clearTimeout(timer);
      this.#running.delete(id);
    }
    this.#kept.end(id, answer);
    return answer;
  }

  /** What became of a call; waits for the end of one that runs. One that is not known will not be begun any more. */
  async outcome(callId: string): Promise<NodeMemory> {
    const memory = this.#kept.look(callId);
    if (memory.state !== "running") return memory;
    const ended = Promise.withResolvers<NodeAnswer>();
    this.#kept.whenEnded(callId, ended.resolve);
    return { state: "ended", answer: await ended.promise };
  }

  cancel(callId: string): void {
    this.#running.get(callId)?.abort(new AlephError("cancelled", "The center has cancelled it"));
  }

  /** Ends all that runs. */
  stop(why: string): void {
    for (const ends of this.#running.values()) ends.abort(new AlephError("cancelled", why));
  }

  get running(): number {
    return this.#running.size;
  }

  async #known(id: string): Promise<NodeAnswer> {
    const memory = await this.outcome(id);
    if (memory.state === "ended") return memory.answer;
    throw new AlephError("conflict", "The call was given up before it came; it is not begun any more");
  }

  async #run({ command, args, session_key, call_id, digest, approved }: NodeCallParams, signal: AbortSignal) {
    const { prepared, digest: now } = await this.#prepare(command, args, session_key, call_id, signal);
    if (prepared.tier === "deny") throw new AlephError("forbidden", `The node refuses: ${prepared.reason}`);
    if (now !== digest) {
      throw new AlephError("forbidden", "What the call would do on the node has changed since it was judged", {
        data: { hint: "Call it again" },
      });
    }
    if (prepared.tier === "ask" && !approved) {
      throw new AlephError("approval_denied", "The node asks for a person's word, and there is none");
    }
    signal.throwIfAborted();
    return prepared.run();
  }

  async #prepare(
    name: string,
    args: unknown,
    sessionKey: string,
    callId: string,
    signal: AbortSignal,
  ): Promise<{ readonly prepared: PreparedCommand; readonly digest: string }> {
    const { commands, policy, workspace, log, onOutput } = this.#o;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new AlephError("not_found", `There is no command "${String(name).slice(0, 80)}" here`);
    const wanted = command.judgesAgain ? canonicalDigest({ name, args, sessionKey }) : "";
    let judged = callId === JUDGING ? undefined : this.#take(wanted);
    if (judged) {
      judged.slot.callId = callId;
      judged.slot.signal = signal;
    } else {
      const slot = { callId, signal };
      const context: CommandContext = {
        sessionKey,
        callId,
        workspace,
        log,
        get signal() {
          return slot.signal;
        },
        onOutput: (text) => onOutput(slot.callId, text),
      };
      judged = { slot, prepared: await command.prepare(args, context), at: this.#o.now() };
      if (callId === JUDGING && command.judgesAgain) this.#keep(wanted, judged);
    }
    const prepared = judgeByPolicy(policy(), name, judged.prepared);
    const { tier, plan, bound } = prepared;
    return { prepared, digest: canonicalDigest({ command: name, tier, plan, bound }) };
  }

  #keep(wanted: string, judged: Judged): void {
    this.#judged.delete(wanted);
    this.#judged.set(wanted, judged);
    if (this.#judged.size > MAX_JUDGED) this.#judged.delete(this.#judged.keys().next().value!);
  }

  /** Once: two calls must not share a signal. */
  #take(wanted: string): Judged | undefined {
    const judged = this.#judged.get(wanted);
    this.#judged.delete(wanted);
    return judged && this.#o.now() - judged.at < JUDGED_LASTS_MS ? judged : undefined;
  }
}

/** What was prepared for a judgement, and where the call puts what it brings. */
interface Judged {
  readonly slot: { callId: string; signal: AbortSignal };
  readonly prepared: PreparedCommand;
  readonly at: number;
}

/** A failure is an answer: it is kept like any other, and the same whenever it is asked for. */
function failed(thrown: unknown, signal: AbortSignal, log: Log): NodeAnswer {
  const cause = signal.aborted ? signal.reason : thrown;
  const { message, data } = toRpcError(cause);
  if (data.reason === "internal") log.error("a call failed", { error: String(thrown) });
  const hint = typeof data.hint === "string" ? `. ${data.hint}` : "";
  return { ok: false, text: `${message}${hint}`, data: { reason: data.reason } };
}
