/**
 * A client that outlives its server: it asks, notes what was acknowledged and shown to it over all lives of the server,
 * and at the end compares that with what the server still knows.
 */
import type { Running } from "./executable.ts";
import { openRawSocket, type RawEvent, type RawSocket, RpcError } from "./raw-socket.ts";

export interface Question {
  readonly key: string;
  readonly sessionKey: string;
  readonly text: string;
}

interface Address {
  readonly url: string;
  readonly token: string;
}

interface HistoryMessage {
  readonly role: string;
  readonly content: string;
  readonly run_id: string | null;
  readonly status: string;
}

/** An orderly stop takes about this long. */
const LONGEST_STOP_MS = 300;
const ENDS = ["agent.completed", "agent.error", "agent.cancelled", "agent.interrupted"];

export class Survivor {
  readonly #sessions: readonly string[];
  readonly #random: () => number;
  /** Asked, and not answered when the server died. */
  readonly #unanswered = new Set<Question>();
  readonly #acknowledged = new Map<string, { readonly question: Question; readonly runId: string }>();
  readonly #completed = new Map<string, string>();
  readonly #toolStarts = new Map<string, number>();
  readonly #ended = new Map<string, PromiseWithResolvers<void>>();
  /** What must not have happened, as it was seen. */
  readonly problems: string[] = [];
  #asked = 0;
  #events = 0;
  #seq = 0;

  constructor(sessions: readonly string[], random: () => number) {
    this.#sessions = sessions;
    this.#random = random;
  }

  /** Of all runs that were acknowledged. */
  get runIds(): string[] {
    return [...this.#acknowledged.values()].map(({ runId }) => runId);
  }

  get counts() {
    return {
      acknowledged: this.#acknowledged.size,
      completed: this.#completed.size,
      toolCalls: this.#toolStarts.size,
      events: this.#events,
      seq: this.#seq,
    };
  }

  /** Talks in every session at once until the connection is lost. */
  async talk(server: Address): Promise<void> {
    try {
      const socket = await this.#connect(server);
      await Promise.all(this.#sessions.map((sessionKey) => this.#askOn(socket, sessionKey)));
    } catch (error) {
      this.#lostOr("connect", error);
    }
  }

  /** Talks until the server is killed, at some moment within `longestMs`; sometimes that is while it stops in good order. */
  async outlive(server: Address & Pick<Running, "kill" | "finished">, longestMs: number): Promise<void> {
    const talking = this.talk(server);
    await Bun.sleep(this.#random() * longestMs);
    if (this.#random() < 0.3) {
      server.kill("SIGTERM");
      await Bun.sleep(this.#random() * LONGEST_STOP_MS);
    }
    server.kill("SIGKILL");
    await Promise.all([talking, server.finished]);
  }

  /** Asks again what had no answer, waits for all runs, and notes every difference as a problem. */
  async verify(server: Address): Promise<void> {
    using socket = await this.#connect(server);
    for (const question of [...this.#unanswered]) await this.#ask(socket, question);
    for (const { question, runId } of this.#acknowledged.values()) {
      const run = await socket.call<{ status: string; text?: string }>("runs.wait", { run_id: runId });
      const shown = this.#completed.get(runId);
      if (!["completed", "interrupted"].includes(run.status)) this.#problem(`${question.key} is ${run.status}`);
      if (shown !== undefined && (run.status !== "completed" || run.text !== shown)) {
        this.#problem(`${question.key} was shown as completed, and is ${run.status} with ${JSON.stringify(run.text)}`);
      }
    }
    for (const sessionKey of this.#sessions) this.#compare(sessionKey, await readHistory(socket, sessionKey));
    for (const [callId, starts] of this.#toolStarts) {
      if (starts > 1) this.#problem(`tool call ${callId} started ${starts} times`);
    }
    for (const sessionKey of this.#sessions) {
      const question = this.#newQuestion(sessionKey);
      const runId = await this.#ask(socket, question);
      const run = await socket.call<{ status: string }>("runs.wait", { run_id: runId });
      if (run.status !== "completed") this.#problem(`${sessionKey} does not go on: ${JSON.stringify(run)}`);
    }
  }

  async #connect({ url, token }: Address): Promise<RawSocket> {
    const socket = await openRawSocket(url, token);
    socket.onEvent = (event) => this.#see(event);
    await socket.call("events.subscribe", { pattern: "**", after_seq: this.#seq });
    return socket;
  }

  async #askOn(socket: RawSocket, sessionKey: string): Promise<void> {
    try {
      const own = [...this.#unanswered].filter((question) => question.sessionKey === sessionKey);
      for (const question of own) await this.#ask(socket, question);
      for (;;) {
        const runId = await this.#ask(socket, this.#newQuestion(sessionKey));
        // Mostly one after the other, sometimes into the queue behind the run.
        if (this.#random() < 0.7) await Promise.race([this.#endOf(runId).promise, lost(socket)]);
      }
    } catch (error) {
      this.#lostOr(sessionKey, error);
    }
  }

  async #ask(socket: RawSocket, question: Question): Promise<string> {
    const { key, sessionKey, text } = question;
    this.#unanswered.add(question);
    const { run_id: runId } = await socket.call<{ run_id: string }>("agent.run", {
      message: text,
      session_key: sessionKey,
      idempotency_key: key,
    });
    this.#unanswered.delete(question);
    this.#acknowledged.set(key, { question, runId });
    return runId;
  }

  #newQuestion(sessionKey: string): Question {
    const key = `q${++this.#asked}`;
    return { key, sessionKey, text: `Question ${key}.` };
  }

  #see({ topic, seq, data }: RawEvent): void {
    this.#events++;
    if (seq <= this.#seq) this.#problem(`event ${seq} (${topic}) came after ${this.#seq}`);
    this.#seq = Math.max(seq, this.#seq);
    if (topic === "stream.tool_start") {
      const callId = String(data.call_id);
      this.#toolStarts.set(callId, (this.#toolStarts.get(callId) ?? 0) + 1);
    }
    if (topic === "agent.completed") this.#completed.set(String(data.run_id), String(data.text));
    if (topic === "agent.error") this.#problem(`run failed: ${JSON.stringify(data)}`);
    if (ENDS.includes(topic)) this.#endOf(String(data.run_id)).resolve();
  }

  #endOf(runId: string): PromiseWithResolvers<void> {
    const known = this.#ended.get(runId) ?? Promise.withResolvers<void>();
    this.#ended.set(runId, known);
    return known;
  }

  #compare(sessionKey: string, history: readonly HistoryMessage[]): void {
    const asked = [...this.#acknowledged.values()].filter(({ question }) => question.sessionKey === sessionKey);
    const found = Map.groupBy(
      history.filter(({ role }) => role === "user"),
      ({ content }) => content,
    );
    for (const { question, runId } of asked) {
      const messages = found.get(question.text) ?? [];
      if (messages.length !== 1) this.#problem(`${question.key} is in the history ${messages.length} times`);
      else if (messages[0]?.run_id !== runId) this.#problem(`${question.key} belongs to ${messages[0]?.run_id}`);
      found.delete(question.text);
      const shown = this.#completed.get(runId);
      const answers = history.filter(({ role, run_id }) => role === "assistant" && run_id === runId);
      if (shown !== undefined && !answers.some(({ content }) => content === shown)) {
        this.#problem(`the answer to ${question.key} is not in the history`);
      }
    }
    for (const text of found.keys()) this.#problem(`nobody asked ${JSON.stringify(text)}`);
    const unfinished = history.filter(({ status }) => status === "streaming");
    if (unfinished.length > 0) this.#problem(`${unfinished.length} messages of ${sessionKey} are still being written`);
  }

  /** That the connection breaks, or the server stops, is what is being done to it; any other no is a problem. */
  #lostOr(what: string, error: unknown): void {
    if (error instanceof RpcError && error.failure.data?.reason !== "overloaded")
      this.#problem(`${what}: ${error.message}`);
  }

  #problem(what: string): void {
    this.problems.push(what);
  }
}

async function readHistory(socket: RawSocket, sessionKey: string): Promise<HistoryMessage[]> {
  const messages: HistoryMessage[] = [];
  let before: string | undefined;
  do {
    const page = await socket.call<{ messages: HistoryMessage[]; next?: string }>("session.history", {
      session_key: sessionKey,
      limit: 1000,
      ...(before === undefined ? {} : { before }),
    });
    messages.unshift(...page.messages);
    before = page.next;
  } while (before !== undefined);
  return messages;
}

async function lost(socket: RawSocket): Promise<never> {
  await socket.closed;
  throw new Error("The connection was lost");
}
