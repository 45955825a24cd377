/** Subagents: runs that runs start, in sessions of their own; stopped with whoever started them, and told when they end. */
import type { Config } from "../config/schema.ts";
import { createId } from "../lib/id.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import { buildSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import type { SubagentPlan, SubagentState, Subagents, SubagentWish } from "../sdk/subagents.ts";
import type { ToolContext, ToolResult } from "../sdk/tool.ts";
import { readRunMessages } from "../session/messages.ts";
import type { Runs, Spawned, StoredRun } from "../session/runs.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";
import {
  childrenOf,
  findSubagent,
  insertSubagent,
  setBackground,
  setDelivered,
  subagentsOfSession,
  undelivered,
} from "../session/subagents.ts";
import type { Runner } from "./runner.ts";
import { depthBelow, planSubagent } from "./subagent-plan.ts";
import type { Toolbox } from "./toolbox.ts";

export interface SubagentRunsOptions {
  readonly runner: Runner;
  readonly runs: Runs;
  readonly sessions: Pick<Sessions, "get">;
  readonly stores: Stores;
  readonly toolbox: Pick<Toolbox, "specs" | "workspace">;
  /** As in `LoopDeps`. */
  readonly isForeign?: (workspace: string) => boolean;
  readonly config: () => Config;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class SubagentRuns implements Subagents, Disposable {
  readonly #o: SubagentRunsOptions;
  readonly #following: Disposable;
  /** Those at work, with the run that started each. */
  readonly #running = new Map<string, string>();
  /** Somebody waits for their end and takes the result. */
  readonly #awaited = new Map<string, number>();

  constructor(options: SubagentRunsOptions) {
    this.#o = options;
    this.#following = options.runner.follow({
      stopping: (runId, how) => this.#stopAll(childrenOf(this.#storeOf(runId).db, runId), how),
      stoppingSession: (key) => this.#stopAll(subagentsOfSession(this.#o.stores.of(key).db, key), "abort"),
      ended: (run) => {
        this.#running.delete(run.id);
        if (run.request.spawned && !this.#awaited.has(run.id)) void this.#deliver(run.id);
      },
    });
  }

  /** Tells what ended while nobody could be told. Once, when runs of an earlier process have been taken up. */
  async recover(): Promise<void> {
    for (const { db } of this.#o.stores.all()) for (const runId of undelivered(db)) await this.#deliver(runId);
  }

  async plan(wish: SubagentWish, caller: ToolContext): Promise<SubagentPlan> {
    const { config, sessions, stores, toolbox, now } = this.#o;
    const parent = this.#parentOf(caller);
    this.#assertRoom(parent.id);
    const { limits, subagents } = config();
    return planSubagent(wish, caller, {
      db: stores.of(parent.sessionKey).db,
      parent,
      session: sessions.get(parent.sessionKey),
      toolbox,
      limits: limits.run,
      maxDepth: subagents.max_depth,
      now: now(),
    });
  }

  async spawn(
    { task, agent, model, tools, budget, background }: SubagentPlan,
    caller: ToolContext,
  ): Promise<ToolResult> {
    const parent = this.#parentOf(caller);
    this.#assertRoom(parent.id);
    const { grant, credential } = parent.request;
    const spawned: Spawned = {
      parentRunId: parent.id,
      parentSessionKey: parent.sessionKey,
      rootSessionKey: parent.request.spawned?.rootSessionKey ?? parent.sessionKey,
      agent,
      depth: depthBelow(parent),
      tools,
      limits: budget,
      tainted: caller.tainted,
    };
    const name = `${agent}-${createId("a").slice(-8)}`;
    const sessionKey = buildSessionKey({ form: "subagent", parent: parent.sessionKey, name });
    // From here on it takes a place, whoever else is on the way.
    const place = createId("place");
    this.#running.set(place, parent.id);
    let runId: string;
    try {
      const started = await this.#o.runner.start(
        { message: task, session_key: sessionKey, ...(model === undefined ? {} : { model }) },
        grant,
        credential,
        {
          spawned,
          also: (db, id) => {
            if (id === undefined) return;
            this.#running.delete(place);
            this.#running.set(id, parent.id);
            if (!background) this.#awaited.set(id, 1);
            insertSubagent(db, { runId: id, parentRunId: parent.id, parentSessionKey: parent.sessionKey, background });
          },
        },
      );
      runId = started.run_id;
    } finally {
      this.#running.delete(place);
    }
    if (background)
      return { ok: true, text: `Subagent ${name} works on it as ${runId}; its answer comes as a message` };
    try {
      return await this.#result(runId, caller.signal);
    } catch (thrown) {
      await this.#o.runner.stop(runId, "abort");
      throw thrown;
    } finally {
      this.#awaited.delete(runId);
    }
  }

  list({ sessionKey }: ToolContext): readonly SubagentState[] {
    const { db } = this.#o.stores.of(sessionKey);
    return subagentsOfSession(db, sessionKey).map((runId) => this.#stateOf(this.#o.runs.get(runId)));
  }

  async wait(runId: string, timeoutMs: number, caller: ToolContext): Promise<ToolResult> {
    this.#ownOf(runId, caller);
    this.#awaited.set(runId, (this.#awaited.get(runId) ?? 0) + 1);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await this.#result(runId, AbortSignal.any([caller.signal, timeout]));
    } catch (thrown) {
      if (!timeout.aborted || caller.signal.aborted) throw thrown;
      return { ok: true, text: `${runId} is ${this.#o.runs.get(runId).status} still` };
    } finally {
      const others = (this.#awaited.get(runId) ?? 1) - 1;
      if (others > 0) this.#awaited.set(runId, others);
      else this.#awaited.delete(runId);
      // It may have ended while nobody took its result.
      if (others <= 0 && this.#o.runs.get(runId).endedAt !== null) void this.#deliver(runId);
    }
  }

  async cancel(runId: string, caller: ToolContext): Promise<SubagentState> {
    this.#ownOf(runId, caller);
    await this.#drop(runId);
    await this.#o.runner.stop(runId, "cancel");
    return this.#stateOf(this.#o.runs.get(runId));
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
  }

  #parentOf({ runId }: ToolContext): StoredRun {
    if (runId === null) throw new AlephError("forbidden", "Only a run can start a subagent");
    return this.#o.runs.get(runId);
  }

  #assertRoom(parentRunId: string): void {
    const { max_children, max_running } = this.#o.config().subagents;
    const own = [...this.#running.values()].filter((parent) => parent === parentRunId).length;
    if (own >= max_children) throw tooMany(`This run has as many subagents at work as it may: ${max_children}`);
    if (this.#running.size >= max_running) throw tooMany(`As many subagents are at work as may be: ${max_running}`);
  }

  /** Throws `not_found` for a run that the caller's session has not started. */
  #ownOf(runId: string, { sessionKey }: ToolContext): void {
    const { db } = this.#o.stores.of(sessionKey);
    if (subagentsOfSession(db, sessionKey).includes(runId)) return;
    throw new AlephError("not_found", `No subagent ${JSON.stringify(runId.slice(0, 80))} of this conversation`, {
      data: { hint: "agent_list shows those that there are" },
    });
  }

  #storeOf(runId: string): Store {
    return this.#o.stores.of(this.#o.runs.get(runId).sessionKey);
  }

  async #result(runId: string, signal: AbortSignal): Promise<ToolResult> {
    const run = await this.#o.runner.wait(runId, signal);
    const store = this.#o.stores.of(run.sessionKey);
    if (run.endedAt === null) {
      await store.write((db) => setBackground(db, runId));
      return { ok: true, text: `The server stops; ${runId} goes on after that, and its answer comes as a message` };
    }
    await store.write((db) => setDelivered(db, runId));
    const untrusted = this.#isTouched(store, run) ? ({ untrusted: true } as const) : {};
    return { ok: run.status === "completed", text: this.#describe(run), ...untrusted };
  }

  /** Its result comes as a message of the conversation that it was started from, or of the next one above that is at work. */
  async #deliver(runId: string): Promise<void> {
    const { runs, runner, stores, log } = this.#o;
    try {
      const run = runs.get(runId);
      const { spawned, grant, credential } = run.request;
      const store = stores.of(run.sessionKey);
      const row = findSubagent(store.db, runId);
      if (!spawned || !row?.background || row.delivered || run.endedAt === null) return;
      let to = spawned.parentSessionKey;
      for (
        let key = parseSessionKey(to);
        key.form === "subagent" && runner.of(to).active === null;
        key = parseSessionKey(to)
      ) {
        to = key.parent;
      }
      await runner.start({ message: this.#describe(run), session_key: to, mode: "steer" }, grant, credential, {
        untrusted: this.#isTouched(store, run),
        also: (db) => setDelivered(db, runId),
      });
    } catch (thrown) {
      // It stays undelivered: the next start tries again.
      log.error("result of a subagent could not be told", { run_id: runId, ...describeError(thrown) });
    }
  }

  #describe({ id, request: { spawned }, status, text, error }: StoredRun): string {
    const why = error ? `: ${error.message}` : "";
    return `[Subagent ${id} (${spawned?.agent}) ${status}${why}]\n\n${text ?? ""}`.trim();
  }

  /** Whether something from outside may be in what it says. */
  #isTouched(store: Store, { id, request: { spawned } }: StoredRun): boolean {
    const { toolbox, isForeign } = this.#o;
    if (spawned?.tainted || (spawned && isForeign?.(toolbox.workspace(spawned.agent)))) return true;
    return readRunMessages(store.db, id).some(({ parts }) =>
      parts.some((part) => "untrusted" in part && part.untrusted === true),
    );
  }

  #stateOf(run: StoredRun): SubagentState {
    const store = this.#o.stores.of(run.sessionKey);
    const task =
      readRunMessages(store.db, run.id).find(({ id }) => id === String(run.request.messageId))?.content ?? "";
    return {
      run_id: run.id,
      session_key: run.sessionKey,
      agent: run.request.spawned?.agent ?? "",
      task,
      status: run.status,
      background: findSubagent(store.db, run.id)?.background ?? false,
    };
  }

  #stopAll(runIds: readonly string[], how: "cancel" | "abort"): void {
    for (const runId of runIds) {
      if (this.#o.runs.get(runId).endedAt !== null) {
        // What it has started in turn may go on.
        this.#stopAll(childrenOf(this.#storeOf(runId).db, runId), how);
        continue;
      }
      this.#drop(runId)
        .then(() => this.#o.runner.stop(runId, how))
        .catch((thrown: unknown) =>
          this.#o.log.error("subagent could not be stopped", { run_id: runId, ...describeError(thrown) }),
        );
    }
  }

  /** Nobody wants to hear of it any more. */
  async #drop(runId: string): Promise<void> {
    await this.#storeOf(runId).write((db) => setDelivered(db, runId));
  }
}

function tooMany(message: string): AlephError {
  return new AlephError("limit_reached", message, { data: { hint: "Wait for one of them" } });
}
