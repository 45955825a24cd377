/** Starts, queues, steers and stops runs: one at a time in each session, any number of sessions beside each other. */
import type { Config } from "../config/schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import { once } from "../lib/once.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { MediaPart, MessagePart } from "../protocol/message.ts";
import type { RunParams, RunStatus } from "../protocol/run.ts";
import { agentOf, buildSessionKey, canonicalSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { Commands } from "../sdk/command.ts";
import { isKnownKey } from "../session/idempotency.ts";
import { appendMessage } from "../session/messages.ts";
import type { OpenQuestions } from "../session/questions.ts";
import { endRun, type Runs, type StoredRun, toWireFailure } from "../session/runs.ts";
import { kindOf, type Sessions } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";
import type { SessionLoad } from "../session/wire.ts";
import { type Accepted, acceptRun, keepSteered, type Origin, textOf } from "./accept.ts";
import { type Arrival, Arrivals, type Arrived, describeAttachment } from "./arrivals.ts";
import { givenUp } from "./given-up.ts";
import { ActiveRun, directKey, endAll, type Follower, type Lane, loadOf, refuseBusy, type WaitingRun } from "./lane.ts";
import type { LoopDeps, LoopEnd, LoopRun } from "./loop.ts";
import { recoverRuns } from "./recovery.ts";
import { sessionIn, withParent } from "./spawned-run.ts";
import { assertAgent } from "./toolbox.ts";

/** How long a cancelled run's tool may take to finish. */
const CANCEL_GRACE_MS = 10_000;

export interface RunnerOptions extends LoopDeps {
  readonly stores: Stores;
  readonly sessions: Sessions;
  readonly runs: Runs;
  readonly media: Media;
  readonly config: () => Config;
  readonly commands: Commands;
  /** Takes what is attached to a message. */
  readonly attachments: (given: NonNullable<RunParams["attachments"]>, sessionKey: string) => Promise<MediaPart[]>;
  /** A message in a session where the model asked something is the answer, and the run goes on. */
  readonly questions: Pick<OpenQuestions, "waits" | "answer">;
  readonly log: Log;
  /** What a run gets instead, when it is to be recorded. */
  readonly tape: (deps: LoopDeps, run: LoopRun) => Promise<readonly [LoopDeps, LoopRun]>;
}

export interface StartedRun {
  readonly run_id: string;
  readonly status: RunStatus;
  readonly session_key: string;
}

export class Runner implements SessionLoad {
  readonly #o: RunnerOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #byRun = new Map<string, Lane>();
  readonly #arrivals: Arrivals;
  readonly #followers = new Set<Follower>();
  /** A server that nobody talks to does without. */
  readonly #loop = once(() => import("./loop.ts"));
  #suspended = false;

  constructor(options: RunnerOptions) {
    this.#o = options;
    this.#arrivals = new Arrivals(options);
  }

  /**
   * Resolves once the message and the run are on disk. `credential` names what the grant came from. Throws
   * `budget_exceeded`, for a message that starts a run, and `forbidden` when a plugin refuses the message.
   */
  async start(params: RunParams, grant: Grant, credential?: string, origin?: Origin): Promise<StartedRun> {
    if (this.#suspended)
      throw new AlephError("overloaded", "Server is stopping", { data: { hint: "Send it again when it is back" } });
    const sessionKey = this.#sessionKeyOf(params);
    const mode = params.mode ?? "queue";
    // What is there already has its place, whatever runs and waits now.
    const isKnown = () => this.#isKnown(params, sessionKey, grant);
    const wasKnown = isKnown();
    if (!params.message.startsWith("/") && !wasKnown) refuseBusy(this.#lanes.get(sessionKey), mode);
    // Hooks and commands are for what somebody sent, once.
    const isSent = !origin || origin.byAgent === true;
    const place = { sessionKey, runId: null, grant, mayCommand: !origin };
    const arriving = isSent && !wasKnown ? this.#arrive(params, place) : undefined;
    const arrived = arriving ? await arriving : { message: params.message };
    const { direct, message } = arrived;
    const media = params.attachments ? await this.#o.attachments(params.attachments, sessionKey) : [];
    const isNewText = !direct && !isKnown();
    if (isNewText) refuseBusy(this.#lanes.get(sessionKey), mode);
    const active = isNewText ? this.#lanes.get(sessionKey)?.active : undefined;
    const asks = active !== undefined && this.#o.questions.waits(sessionKey, active.run.id);
    if (active?.closed === false && (mode === "steer" || (mode === "queue" && asks && !origin?.outside))) {
      const { id } = active.run;
      const also: Origin["also"] = (db) => {
        keepSteered(db, { params, media, sessionKey, grant }, { runId: id, now: this.#o.now() });
        origin?.also(db, undefined);
      };
      await this.#steer(active, [...media, textOf(message, origin)], also);
      if (asks) this.#o.questions.answer(sessionKey, message);
      return { run_id: id, status: "running", session_key: sessionKey };
    }
    const store = this.#o.stores.of(sessionKey);
    let accepted: Accepted | undefined;
    // The transaction runs now; its sync goes on while the model is already asked.
    const committed = store.write((db) => {
      accepted = acceptRun(db, this.#o, { params, media, arrived, sessionKey, grant, credential, origin });
    });
    // Refused, or failed at the commit (a full disk): then there is no run, whatever was put down before.
    if (!accepted || Bun.peek.status(committed) === "rejected") {
      await committed;
      throw new AlephError("internal", "Internal error");
    }
    const { runId, isNew, createdSession } = accepted;
    if (!isNew) {
      await committed;
      return { run_id: runId, status: this.#o.runs.get(runId).status, session_key: sessionKey };
    }
    // Not before: what is refused, or known already, leaves no lane behind.
    const lane = this.#lane(sessionKey, direct !== undefined);
    if (mode === "interrupt" && lane.active) this.#stop(lane.active, "cancel");
    const run = this.#o.runs.get(runId);
    const announced = committed.then(() => {
      if (createdSession) this.#o.sessions.announceCreated(sessionKey, kindOf(sessionKey, grant));
      this.#announceSession(sessionKey);
    });
    this.#enqueue(lane, { run, committed: announced });
    const status = lane.active?.run.id === runId ? "running" : "queued";
    await announced;
    if (status === "queued") {
      this.#o.bus.publish(
        "agent.queued",
        { run_id: runId, session_key: sessionKey, message_id: String(accepted.request.messageId) },
        { sessionKey },
      );
    }
    return { run_id: runId, status, session_key: sessionKey };
  }

  /**
   * Adds a message to a run that is under way; a line that calls a command is one, too. Throws `conflict` when the run has ended
   * or has not begun, and `forbidden` when a plugin refuses the message.
   */
  async steer(runId: string, message: string, grant: Grant): Promise<{ run_id: string; message_id: string }> {
    const { sessionKey } = this.#steerable(runId).run;
    const arriving = this.#arrive({ message }, { sessionKey, runId, grant, mayCommand: false });
    const text = arriving ? (await arriving).message : message;
    const messageId = await this.#steer(this.#steerable(runId), [{ type: "text", text }]);
    if (this.#o.questions.waits(sessionKey, runId)) this.#o.questions.answer(sessionKey, text);
    return { run_id: runId, message_id: String(messageId) };
  }

  /** Told of what becomes of runs, until disposed. */
  follow(follower: Follower): Disposable {
    this.#followers.add(follower);
    return { [Symbol.dispose]: () => void this.#followers.delete(follower) };
  }

  /** Ends a run: `cancel` lets a tool that runs finish, `abort` does not. Resolves when it has ended. */
  async stop(runId: string, how: "cancel" | "abort"): Promise<{ run_id: string; status: RunStatus }> {
    for (const follower of this.#followers) follower.stopping(runId, how);
    const lane = this.#byRun.get(runId);
    const waiting = lane?.queue.findIndex(({ run }) => run.id === runId) ?? -1;
    if (lane && waiting >= 0) {
      lane.queue.splice(waiting, 1);
      await this.#cancelWaiting(lane, runId);
    } else if (lane?.active?.run.id === runId) {
      this.#end(lane.active, how);
      await lane.active.ended.promise;
    }
    return { run_id: runId, status: this.#o.runs.get(runId).status };
  }

  /** Aborts what runs in the session and drops what waits. */
  async stopSession(sessionKey: string): Promise<void> {
    const key = canonicalSessionKey(sessionKey);
    for (const follower of this.#followers) follower.stoppingSession(key);
    // Those too that come while others are stopped.
    for (let next = this.#nextOf(key); next !== undefined; next = this.#nextOf(key)) await this.stop(next, "abort");
  }

  /** Resolves when the run has ended. Throws `not_found`, `cancelled` or `timeout` when `signal` aborts first. */
  async wait(runId: string, signal: AbortSignal): Promise<StoredRun> {
    for (;;) {
      const lane = this.#byRun.get(runId);
      if (!lane?.active) return this.#o.runs.get(runId);
      const { run, ended: end } = lane.active;
      // How a run failed stands with it; of one that could not be ended on disk nothing does.
      const failed = (thrown: unknown) => {
        if (run.id === runId && this.#o.runs.get(runId).endedAt === null) throw thrown;
      };
      const ended = await unlessAborted(end.promise.catch(failed), signal, givenUp);
      if (ended === "suspended") return this.#o.runs.get(runId);
    }
  }

  of(sessionKey: string): { readonly active: string | null; readonly queued: readonly string[] } {
    return loadOf(this.#lanes.get(sessionKey));
  }

  /** Sessions in which something runs or waits. */
  queues(): readonly {
    readonly sessionKey: string;
    readonly active: string | null;
    readonly queued: readonly string[];
  }[] {
    return [...this.#lanes.values()].map((lane) => ({ sessionKey: lane.sessionKey, ...loadOf(lane) }));
  }

  /** Takes up what an earlier process left open; the ids of those that go on. */
  async recover(): Promise<ReadonlySet<string>> {
    const { runs, stores, bus, now, config } = this.#o;
    const open = runs.open();
    if (open.length === 0) return new Set();
    const resumed = await recoverRuns(open, { store: stores.durable, bus, now, onRestart: config().runs.on_restart });
    for (const run of resumed) {
      if (run.status === "running") {
        const about = { run_id: run.id, session_key: run.sessionKey, step: run.steps, kind: "resume" as const };
        const detail = { resumed: run.request.resumed };
        bus.publish("stream.agent_trace", { ...about, detail }, { sessionKey: run.sessionKey });
      }
      this.#enqueue(this.#lane(run.sessionKey, run.request.direct !== undefined), {
        run,
        committed: Promise.resolve(),
      });
    }
    this.#o.log.info("open runs taken up", { open: open.length, resumed: resumed.length });
    return new Set(resumed.map(({ id }) => id));
  }

  /** Lets runs reach a safe point, where the next start takes them up; aborts what has not by then. */
  async drain(graceMs: number): Promise<void> {
    this.#suspended = true;
    await endAll([...this.#lanes.values()], graceMs);
  }

  /** Nothing when the message is as it was and nobody has to wait. */
  #arrive(
    { message, attachments = [] }: Pick<RunParams, "message" | "attachments">,
    {
      sessionKey,
      runId,
      grant,
      mayCommand,
    }: Pick<Arrival, "sessionKey" | "runId"> & { grant: Grant; mayCommand: boolean },
  ): Promise<Arrived> | undefined {
    return this.#arrivals.receive({
      agent: agentOf(parseSessionKey(sessionKey)),
      sessionKey,
      runId,
      identity: grant.identity.id,
      message,
      attachments: attachments.map(describeAttachment),
      commander: mayCommand ? grant : undefined,
    });
  }

  #isKnown({ idempotency_key: key }: Pick<RunParams, "idempotency_key">, sessionKey: string, { identity }: Grant) {
    const { stores, now } = this.#o;
    return key !== undefined && isKnownKey(stores.of(sessionKey).db, identity.id, key, now());
  }

  /** What runs or waits in the session, what waits first: so that the end of what runs starts nothing. */
  #nextOf(sessionKey: string): string | undefined {
    const lanes = [this.#lanes.get(sessionKey), this.#lanes.get(directKey(sessionKey))];
    return lanes.flatMap((lane) => [...(lane?.queue ?? []), ...(lane?.active ? [lane.active] : [])])[0]?.run.id;
  }

  #steerable(runId: string): ActiveRun {
    const active = this.#byRun.get(runId)?.active;
    if (active?.run.id === runId && !active.closed && !active.run.request.direct) return active;
    const { status } = this.#o.runs.get(runId);
    throw new AlephError("conflict", `Run "${runId}" is ${status}`, {
      data: { status, hint: "Start a new run with agent.run" },
    });
  }

  #sessionKeyOf({ session_key, agent = "main" }: RunParams): string {
    const key =
      session_key === undefined
        ? buildSessionKey({ form: "main", agent, name: "main" })
        : canonicalSessionKey(session_key);
    assertAgent(this.#o.config(), agentOf(parseSessionKey(key)));
    return key;
  }

  /** What asks no model does not wait for the run that the session has: it goes beside it, in a lane of its own. */
  #lane(sessionKey: string, isDirect: boolean): Lane {
    const key = isDirect ? directKey(sessionKey) : sessionKey;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { key, sessionKey, active: undefined, queue: [] };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #enqueue(lane: Lane, waiting: WaitingRun): void {
    this.#byRun.set(waiting.run.id, lane);
    if (lane.active || this.#suspended) lane.queue.push(waiting);
    else this.#launch(lane, waiting);
  }

  #launch(lane: Lane, { run, committed }: WaitingRun): void {
    const active = new ActiveRun(run);
    lane.active = active;
    void this.#run(active, committed, lane).then(
      (end) => this.#ended(lane, active, () => active.ended.resolve(end)),
      (error: unknown) => {
        this.#o.log.error("run could not be completed", { run_id: run.id, ...describeError(error) });
        const about = { run_id: run.id, session_key: run.sessionKey };
        const told = toWireFailure(AlephError.from(error));
        this.#o.bus.publish("agent.error", { ...about, error: told }, { sessionKey: run.sessionKey });
        this.#ended(lane, active, () => active.ended.reject(error));
      },
    );
  }

  async #run(active: ActiveRun, committed: Promise<unknown>, lane: Lane): Promise<LoopEnd> {
    const { run } = active;
    const deps = withParent(this.#o, run);
    const loopRun: LoopRun = {
      run,
      session: sessionIn(run, this.#o.sessions.get(run.sessionKey)),
      store: this.#o.stores.of(run.sessionKey),
      media: this.#o.media,
      committed,
      cancel: active.cancel.signal,
      abort: active.abort.signal,
      waiting: () => new Set(lane.queue.map((waiting) => waiting.run.id)),
      takeSteered: () => active.takeSteered(),
      close: () => active.close(),
      isInterrupted: () => active.interrupted,
      isSuspended: () => this.#suspended,
    };
    const { runLoop } = await this.#loop();
    // What a command does cannot be played again.
    if (run.request.direct) return runLoop(deps, loopRun);
    return runLoop(...(await this.#o.tape(deps, loopRun)));
  }

  #ended(lane: Lane, active: ActiveRun, settle: () => void): void {
    this.#byRun.delete(active.run.id);
    lane.active = undefined;
    const next = this.#suspended ? undefined : lane.queue.shift();
    if (next) this.#launch(lane, next);
    else if (lane.queue.length === 0) this.#lanes.delete(lane.key);
    settle();
    for (const follower of this.#followers) follower.ended(active.run);
  }

  #stop(active: ActiveRun, how: "cancel" | "abort"): void {
    for (const follower of this.#followers) follower.stopping(active.run.id, how);
    this.#end(active, how);
  }

  #end(active: ActiveRun, how: "cancel" | "abort"): void {
    const reason = new AlephError("cancelled", "Run was stopped");
    active.cancel.abort(reason);
    if (how === "abort") {
      active.abort.abort(reason);
      return;
    }
    const timer = setTimeout(() => active.abort.abort(reason), CANCEL_GRACE_MS);
    const done = () => clearTimeout(timer);
    active.ended.promise.then(done, done);
  }

  async #cancelWaiting(lane: Lane, runId: string): Promise<void> {
    const { stores, bus, now } = this.#o;
    this.#byRun.delete(runId);
    await stores
      .of(lane.sessionKey)
      .write((db) => endRun(db, runId, { status: "cancelled", text: "", endedAt: now() }));
    bus.publish("agent.cancelled", { run_id: runId, session_key: lane.sessionKey }, { sessionKey: lane.sessionKey });
  }

  async #steer(active: ActiveRun, parts: readonly MessagePart[], also?: Origin["also"]): Promise<number> {
    const { sessionId, sessionKey, id: runId } = active.run;
    const { stores, now } = this.#o;
    let messageId = 0;
    const committed = stores.of(sessionKey).write((db) => {
      messageId = appendMessage(db, { sessionId, runId, role: "user", parts, status: "complete", ts: now() });
      also?.(db, undefined);
    });
    // At once, while the run still takes messages; the caller hears of it when it is on disk.
    if (messageId > 0) active.steer({ messageId, parts });
    await committed;
    return messageId;
  }

  #announceSession(sessionKey: string): void {
    const session = this.#o.sessions.find(sessionKey);
    if (!session) return;
    const { title, updatedAt } = session;
    this.#o.bus.publish("session.updated", { session_key: sessionKey, title, updated_at: updatedAt }, { sessionKey });
  }
}
