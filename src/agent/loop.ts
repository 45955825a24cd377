/** The agent loop: prompt, reply, tool calls, results, and again, until the model has nothing more to call. */
import { createId } from "../lib/id.ts";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { MessagePart, Usage } from "../protocol/message.ts";
import type { RunStatus } from "../protocol/run.ts";
import { addUsage, NO_USAGE } from "../protocol/usage.ts";
import { streamWithFailover } from "../providers/chain.ts";
import type { EventHooks } from "../sdk/hook.ts";
import type { ModelMessage, ModelToolCall } from "../sdk/provider.ts";
import type { Store } from "../sdk/store.ts";
import { moveToEnd, readRunMessages } from "../session/messages.ts";
import { endRun, type RunFailure, type StoredRun, saveRunProgress, startRun, toWireFailure } from "../session/runs.ts";
import type { Session } from "../session/sessions.ts";
import { modelParts, userMessage } from "./context.ts";
import { messageOf, respond } from "./hooked-run.ts";
import { limitReached, limitsOf } from "./limits.ts";
import type { LoopDeps } from "./loop-deps.ts";
import { Meter } from "./meter.ts";
import { LeftOpen, openCalls } from "./open-calls.ts";
import { prepareTurn, readMessages, type Turn } from "./prepare.ts";
import { Reply } from "./reply.ts";
import { Space } from "./space.ts";
import { callTools } from "./tool-calls.ts";

export type { LoopDeps } from "./loop-deps.ts";

/** A message that came while the run was under way. */
export interface Steered {
  readonly messageId: number;
  readonly parts: readonly MessagePart[];
}

export interface LoopRun {
  readonly run: StoredRun;
  readonly session: Session;
  readonly store: Store;
  readonly media: Pick<Media, "get">;
  /** Resolves when what was asked is on disk; nothing is shown before. */
  readonly committed: Promise<unknown>;
  /** Stops the model at once and lets a tool that runs finish. */
  readonly cancel: AbortSignal;
  /** Stops everything at once. */
  readonly abort: AbortSignal;
  /** Runs of the session whose messages come later. */
  readonly waiting: () => ReadonlySet<string>;
  readonly takeSteered: () => readonly Steered[];
  /** From now on nothing can be steered into the run. */
  readonly close: () => void;
  /** Whether the server's stop ended it, rather than a person. */
  readonly isInterrupted: () => boolean;
  /** Whether to leave off at the next safe point and go on after a restart. */
  readonly isSuspended: () => boolean;
}

export type LoopEnd = "suspended" | { readonly status: RunStatus; readonly text: string; readonly error?: RunFailure };

/** How the run ended; its last state is on disk and announced. Rejects only when that was not possible. */
export async function runLoop(deps: LoopDeps, loopRun: LoopRun): Promise<LoopEnd> {
  return new Loop(deps, loopRun).run();
}

class Loop {
  readonly #deps: LoopDeps;
  readonly #r: LoopRun;
  readonly #began: number;
  readonly #space: Space;
  #step: number;
  #usage: Usage;
  #chunks = 0;
  #model: string | null;
  /** Resolves when the run is on disk and its start was announced: nothing else of it may be shown before. */
  #announced: Promise<void> = Promise.resolve();

  constructor(deps: LoopDeps, loopRun: LoopRun) {
    this.#deps = deps;
    this.#r = loopRun;
    this.#began = deps.monotonic();
    this.#space = new Space(deps, loopRun, (kind, detail) => this.#trace(kind, detail));
    this.#step = loopRun.run.steps;
    this.#usage = loopRun.run.usage ?? NO_USAGE;
    this.#model = loopRun.run.model;
  }

  async run(): Promise<LoopEnd> {
    const { run, cancel, store, isSuspended } = this.#r;
    let reply: Reply | undefined;
    try {
      store.writeRelaxed((db) => {
        startRun(db, run.id, this.#deps.now());
        // Taken up again, its question stands where it stood.
        if (run.startedAt === null) moveToEnd(db, run.request.messageId);
      });
      this.#announced = this.#announceStart();
      // Awaited before anything is shown; until then its failure is nobody's.
      this.#announced.catch(() => "told by whoever awaits it");
      let hooks = this.#deps.hooks.of("on_response");
      if (hooks instanceof Promise) hooks = await hooks;
      await this.#deps.secrets?.all();
      if (run.request.direct) {
        reply = this.#reply(hooks);
        return await this.#answerDirectly(reply, run.request.direct, hooks);
      }
      let { turn, steered } = await prepareTurn(this.#deps, this.#r);
      await this.#addSteered(turn.messages, steered);
      const open = openCalls(readRunMessages(store.db, run.id));
      if (open.length > 0) {
        // A person had not answered when the server stopped: they still may.
        await this.#call(open, turn);
        ({ turn, steered } = await prepareTurn(this.#deps, this.#r));
        await this.#addSteered(turn.messages, steered);
      }
      if (turn.skill !== undefined) await this.#loadSkill(turn, turn.skill, hooks);
      for (;;) {
        if (isSuspended()) {
          await this.#announced;
          return "suspended";
        }
        await this.#addSteered(turn.messages, [...turn.late.splice(0), ...this.#r.takeSteered()]);
        this.#checkLimits();
        if (await this.#space.isTooLong(turn)) {
          const { messages, steered } = await readMessages(this.#deps, this.#r, turn);
          turn.messages.splice(0, turn.messages.length, ...messages);
          await this.#addSteered(turn.messages, steered);
        }
        this.#step++;
        reply = this.#reply(hooks);
        await this.#stream(reply, turn);
        this.#model = reply.model ?? this.#model;
        if (hooks) await this.#respond(hooks, reply);
        const steered = reply.calls.length === 0 ? this.#r.takeSteered() : [];
        if (reply.calls.length === 0 && steered.length === 0) {
          this.#r.close();
          return await this.#complete(reply);
        }
        await this.#saveStep(reply);
        const content = modelParts(reply.parts);
        if (content.length > 0) turn.messages.push({ role: "assistant", content });
        await this.#call(reply.calls, turn);
        await this.#addSteered(turn.messages, steered);
        reply = undefined;
        if (cancel.aborted) throw new AlephError("cancelled", "Cancelled");
      }
    } catch (thrown) {
      if (!(thrown instanceof LeftOpen)) return await this.#fail(thrown, reply);
      await this.#announced;
      return "suspended";
    }
  }

  /** As if the model had asked for it: it is judged, kept and shown as any other call. */
  async #loadSkill(turn: Turn, name: string, hooks: EventHooks<"on_response"> | undefined): Promise<void> {
    // After a restart it stands there already.
    if (this.#step > 0 || turn.messages.at(-1)?.role !== "user") return;
    const reply = this.#reply(hooks);
    reply.take({ type: "tool_call", call_id: createId("call"), tool: "skill", args: { name } });
    await this.#announced;
    await this.#saveStep(reply);
    turn.messages.push({ role: "assistant", content: modelParts(reply.parts) });
    await this.#call(reply.calls, turn);
  }

  async #call(calls: readonly ModelToolCall[], turn: Turn): Promise<void> {
    const { messages, sessionTools } = await callTools({ deps: this.#deps, run: this.#r }, calls, turn);
    turn.messages.push(...messages);
    if (sessionTools === turn.sessionTools) return;
    turn.sessionTools = sessionTools;
    turn.tools = await this.#deps.toolbox.specs(this.#r.session.agent, sessionTools, "brief");
  }

  async #announceStart(): Promise<void> {
    const { run, session, committed } = this.#r;
    await committed;
    this.#deps.bus.publish(
      "agent.started",
      {
        run_id: run.id,
        session_key: session.key,
        model: run.request.direct ? null : (run.request.model ?? session.model ?? null),
        message_id: String(run.request.messageId),
      },
      { sessionKey: session.key },
    );
  }

  async #addSteered(messages: ModelMessage[], steered: readonly Steered[]): Promise<void> {
    if (steered.length === 0) return;
    const { store, media } = this.#r;
    store.writeRelaxed((db) => {
      for (const { messageId } of steered) moveToEnd(db, messageId);
    });
    for (const { parts } of steered) {
      messages.push(await userMessage({ parts }, (id) => media.get(id)));
    }
    this.#trace("steer", { messages: steered.map(({ messageId }) => String(messageId)) });
  }

  #checkLimits(): void {
    const { config, monotonic, usage } = this.#deps;
    const { run, store } = this.#r;
    const progress = { steps: this.#step, usage: this.#usage, ms: monotonic() - this.#began };
    const reached = limitReached(store.db, config().limits.run, { run, progress, usage });
    if (reached === undefined) return;
    this.#trace("limit", { ...reached.data, limit: reached.message });
    throw reached;
  }

  async #stream(reply: Reply, turn: Turn): Promise<void> {
    const { cancel, abort } = this.#r;
    const meter = new Meter({ ...this.#deps, run: this.#r.run });
    const { time_ms } = limitsOf(this.#deps.config().limits.run, this.#r.run.request);
    const timeLeft = time_ms - (this.#deps.monotonic() - this.#began);
    const timeout = AbortSignal.timeout(Math.max(1, Math.min(timeLeft, LONGEST_TIMER_MS)));
    const signal = AbortSignal.any([cancel, abort, timeout]);
    const { models, sleep, modelMedia } = this.#deps;
    const asker = { identity: this.#r.run.request.grant.identity, sessionKey: this.#r.session.key };
    const parts = streamWithFailover({
      models,
      ...(sleep ? { sleep } : {}),
      fit: async (messages, takes, model) => {
        const fitted = modelMedia ? await modelMedia.fit(messages, takes, asker, signal) : messages;
        return this.#space.fit(turn, fitted, model);
      },
      shorten: (model) => this.#space.shorten(turn, model),
      refs: turn.refs,
      request: {
        system: turn.system,
        messages: turn.messages,
        tools: turn.tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
        thinking: turn.thinking,
      },
      signal,
      onTrace: (kind, detail) => {
        if (kind === "model") meter.asks(String(detail.provider), String(detail.model));
        this.#trace(kind, detail);
      },
    });
    try {
      for await (const part of parts) {
        // The request was on its way while the disk took what was asked; nothing is shown before it has.
        await this.#announced;
        meter.hear(part);
        if (part.type === "usage") {
          this.#count(part.usage, meter);
          this.#space.learn(part.usage);
        } else if (part.type !== "finish") reply.take(part);
        else if (part.reason === "length" || part.reason === "refused") this.#trace("limit", { finish: part.reason });
      }
    } catch (error) {
      if (timeout.aborted && !cancel.aborted && !abort.aborted) {
        throw new AlephError("limit_reached", "The run reached its time limit", { cause: error });
      }
      throw error;
    } finally {
      reply.settle();
      const estimated = signal.aborted ? meter.estimate(this.#space.sentTokens) : undefined;
      if (estimated) this.#count(estimated, meter);
      meter.end();
    }
  }

  #count(usage: Usage, meter: Meter): void {
    this.#usage = addUsage(this.#usage, usage);
    meter.add(usage);
  }

  /** The calls are on disk before the first of them runs: after a crash they are known to have been on their way. */
  async #saveStep(reply: Reply): Promise<void> {
    await this.#r.store.write((db) => {
      reply.finish(db, "complete");
      this.#saveProgress(db);
    });
  }

  /** Lets hooks see and change a reply before anyone else sees it. */
  #respond(hooks: EventHooks<"on_response">, reply: Reply): Promise<void> {
    const { cancel, abort } = this.#r;
    return respond(hooks, reply, this.#place(), AbortSignal.any([cancel, abort]));
  }

  /** No model is asked: a command answers, or a plugin has already. */
  async #answerDirectly(
    reply: Reply,
    direct: NonNullable<StoredRun["request"]["direct"]>,
    hooks: EventHooks<"on_response"> | undefined,
  ): Promise<LoopEnd> {
    const { run, cancel, abort } = this.#r;
    await this.#announced;
    if (cancel.aborted) throw new AlephError("cancelled", "Cancelled");
    const { grant } = run.request;
    const text =
      "answer" in direct
        ? direct.answer
        : await this.#deps.commands.run(direct.call, { ...this.#place(), grant }, AbortSignal.any([cancel, abort]));
    reply.take({ type: "text", text });
    reply.settle();
    if (hooks) await this.#respond(hooks, reply);
    this.#r.close();
    return await this.#complete(reply);
  }

  #place() {
    const { run, session } = this.#r;
    return { agent: session.agent, sessionKey: session.key, runId: run.id };
  }

  async #complete(reply: Reply): Promise<LoopEnd> {
    const { run, session } = this.#r;
    const { text } = reply;
    await this.#end(reply, "complete", { status: "completed", text });
    this.#deps.bus.publish(
      "agent.completed",
      {
        run_id: run.id,
        session_key: session.key,
        text,
        usage: this.#usage,
        steps: this.#step,
        duration_ms: Math.round(this.#deps.monotonic() - this.#began),
      },
      { sessionKey: session.key },
    );
    return { status: "completed", text };
  }

  async #fail(thrown: unknown, reply: Reply | undefined): Promise<LoopEnd> {
    const { run, session, cancel, abort } = this.#r;
    this.#r.close();
    reply?.dropHeld();
    const text = reply?.text ?? "";
    await this.#announced;
    const about = { run_id: run.id, session_key: session.key };
    const to = { sessionKey: session.key };
    if (cancel.aborted || abort.aborted) {
      const status = this.#r.isInterrupted() ? "interrupted" : "cancelled";
      await this.#end(reply, "interrupted", { status, text });
      if (status === "cancelled") this.#deps.bus.publish("agent.cancelled", about, to);
      else this.#deps.bus.publish("agent.interrupted", { ...about, text }, to);
      return { status, text };
    }
    const failure = AlephError.from(thrown);
    const { reason, data } = failure;
    const message = await messageOf(failure, this.#deps.hooks, this.#place(), abort);
    // What a hook says instead has its own next step, or none.
    const isOwn = message === failure.message;
    const error: RunFailure = { reason, message, data: isOwn ? data : { ...data, hint: null, reworded: true } };
    await this.#end(reply, "failed", { status: "failed", text, error });
    this.#deps.bus.publish("agent.error", { ...about, error: toWireFailure(error) }, to);
    if (reason === "internal") throw thrown;
    return { status: "failed", text, error };
  }

  async #end(
    reply: Reply | undefined,
    messageStatus: "complete" | "interrupted" | "failed",
    end: Exclude<LoopEnd, "suspended">,
  ): Promise<void> {
    await this.#r.store.write((db) => {
      reply?.finish(db, messageStatus);
      this.#saveProgress(db);
      endRun(db, this.#r.run.id, { ...end, endedAt: this.#deps.now() });
    });
  }

  #saveProgress(db: Store["db"]): void {
    saveRunProgress(db, this.#r.run.id, { steps: this.#step, usage: this.#usage, model: this.#model });
  }

  #reply(hooks: EventHooks<"on_response"> | undefined): Reply {
    const { run, session, store } = this.#r;
    const { bus, now } = this.#deps;
    return new Reply({
      runId: run.id,
      sessionId: session.id,
      sessionKey: session.key,
      store,
      bus,
      now,
      nextIndex: () => this.#chunks++,
      held: hooks?.decides === true,
      mask: this.#deps.secrets?.stream(),
    });
  }

  #trace(
    kind: "model" | "retry" | "failover" | "steer" | "limit" | "compaction",
    detail: Record<string, unknown>,
  ): void {
    const { run, session } = this.#r;
    const trace = { run_id: run.id, session_key: session.key, step: this.#step, kind, detail };
    const publish = () => this.#deps.bus.publish("stream.agent_trace", trace, { sessionKey: session.key });
    this.#announced.then(publish, () => "a run that is not on disk is not shown");
  }
}
