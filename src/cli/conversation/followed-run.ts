/** Sends messages and follows their runs, event by event, to the end. */
import { type Client, isTopic, type Params } from "../../client/client.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Usage } from "../../protocol/message.ts";
import type { Run } from "../../protocol/run.ts";
import { isBelow } from "../../protocol/session-key.ts";
import type { Link } from "./link.ts";

/** How a run ended. */
export interface Ending {
  readonly status: "completed" | "failed" | "cancelled" | "interrupted";
  readonly text: string;
  readonly usage: Usage | null;
  readonly error?: NonNullable<Run["error"]>;
}

export interface FollowedRun {
  readonly runId: string;
  readonly sessionKey: string;
  /** Rejects when the connection is lost for good. */
  readonly ended: Promise<Ending>;
}

interface Following {
  runId: string | undefined;
  sessionKey: string | undefined;
  /** What came before the run's id was known. */
  readonly early: EventFrame[];
  readonly onEvent: (event: EventFrame) => void;
  readonly ended: PromiseWithResolvers<Ending>;
}

const PATTERNS = ["stream.*", "agent.*", "approval.*", "question.*"];

/** One run at a time. */
export class RunFollower implements Disposable {
  readonly #client: Client;
  readonly #link: Link;
  readonly #subscriptions: Disposable[] = [];
  #following: Following | undefined;

  private constructor(client: Client, link: Link) {
    this.#client = client;
    this.#link = link;
  }

  static async open(client: Client, link: Link): Promise<RunFollower> {
    const follower = new RunFollower(client, link);
    for (const pattern of PATTERNS) {
      const onTruncated = () => void follower.#recover();
      follower.#subscriptions.push(
        await client.subscribe(pattern, (event) => follower.#receive(event), { onTruncated }),
      );
    }
    return follower;
  }

  /** Resolves once the server has accepted the message; `onEvent` gets the events of its run, in order. */
  async start(params: Params<"agent.run">, onEvent: (event: EventFrame) => void): Promise<FollowedRun> {
    const following: Following = {
      runId: undefined,
      sessionKey: undefined,
      early: [],
      onEvent,
      ended: Promise.withResolvers(),
    };
    this.#following = following;
    const started = await this.#send(params);
    following.runId = started.run_id;
    following.sessionKey = started.session_key;
    for (const event of following.early) this.#pass(following, event);
    if (!["queued", "running"].includes(started.status)) await this.#recover();
    const ended = Promise.race([following.ended.promise, this.#link.lost]);
    return { runId: started.run_id, sessionKey: started.session_key, ended };
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  /** A message that was on its way when the connection was lost is sent again; the key keeps it from running twice. */
  async #send(params: Params<"agent.run">) {
    const keyed = { idempotency_key: crypto.randomUUID(), ...params };
    for (;;) {
      try {
        return await this.#client.call("agent.run", keyed);
      } catch (thrown) {
        if (!(thrown instanceof AlephError) || thrown.reason !== "cancelled") throw thrown;
        await this.#link.connected();
      }
    }
  }

  #receive(event: EventFrame): void {
    const following = this.#following;
    if (!following) return;
    if (following.runId === undefined) following.early.push(event);
    else this.#pass(following, event);
  }

  #pass(following: Following, event: EventFrame): void {
    if (!("run_id" in event.data)) return;
    if (event.data.run_id !== following.runId) {
      if (isBelowQuestion(event, following)) following.onEvent(event);
      return;
    }
    following.onEvent(event);
    const ending = endingOf(event);
    if (ending) following.ended.resolve(ending);
  }

  /** Events are gone, or the run had ended before: what the database says stands for them. */
  async #recover(): Promise<void> {
    const following = this.#following;
    if (following?.runId === undefined) return;
    try {
      for (;;) {
        const run = await this.#client.call("runs.wait", { run_id: following.runId });
        const ending = endingOfRun(run);
        if (ending) return following.ended.resolve(ending);
      }
    } catch (thrown) {
      following.ended.reject(thrown);
    }
  }
}

/** A question of a subagent waits for the same person. */
function isBelowQuestion(event: EventFrame, { sessionKey }: Following): boolean {
  if (!isTopic(event, "approval.requested") && !isTopic(event, "approval.resolved")) return false;
  const { session_key } = event.data;
  return sessionKey !== undefined && session_key !== null && isBelow(session_key, sessionKey);
}

function endingOf(event: EventFrame): Ending | undefined {
  if (isTopic(event, "agent.completed")) {
    return { status: "completed", text: event.data.text, usage: event.data.usage };
  }
  if (isTopic(event, "agent.error")) return { status: "failed", text: "", usage: null, error: event.data.error };
  if (isTopic(event, "agent.cancelled")) return { status: "cancelled", text: "", usage: null };
  if (isTopic(event, "agent.interrupted")) return { status: "interrupted", text: event.data.text, usage: null };
  return undefined;
}

function endingOfRun({ status, text = "", usage = undefined, error }: Run): Ending | undefined {
  if (status === "queued" || status === "running") return undefined;
  return { status, text, usage: usage ?? null, ...(error ? { error } : {}) };
}
