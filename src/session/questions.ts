/** The questions that wait for a person, by session; the next message in the session answers the oldest. */
import { createId } from "../lib/id.ts";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import { canonicalSessionKey } from "../protocol/session-key.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { QuestionEnd, Questions, UserQuestion } from "../sdk/questions.ts";

export interface OpenQuestionsOptions {
  readonly bus: Publisher;
  /** Unix milliseconds. */
  readonly now: () => number;
}

interface Waiting {
  readonly runId: string;
  readonly question: string;
  readonly end: (end: QuestionEnd) => void;
}

/** They live as long as the process: a run that waits is interrupted with it. */
export class OpenQuestions implements Questions {
  readonly #bus: Publisher;
  readonly #now: () => number;
  /** Oldest first. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor({ bus, now }: OpenQuestionsOptions) {
    this.#bus = bus;
    this.#now = now;
  }

  async ask(asked: UserQuestion, timeoutMs: number, signal: AbortSignal): Promise<QuestionEnd> {
    const { runId, callId, question, options } = asked;
    const sessionKey = canonicalSessionKey(asked.sessionKey);
    const about = { question_id: createId("question"), run_id: runId, session_key: sessionKey };
    const { promise, resolve } = Promise.withResolvers<QuestionEnd>();
    if (signal.aborted) return { status: "cancelled" };
    const waiting: Waiting = { runId, question, end: resolve };
    const all = this.#waiting.get(sessionKey);
    if (all) all.push(waiting);
    else this.#waiting.set(sessionKey, [waiting]);
    const cancel = () => resolve({ status: "cancelled" });
    signal.addEventListener("abort", cancel, { once: true });
    const wait = Math.min(timeoutMs, LONGEST_TIMER_MS);
    const timer = setTimeout(() => resolve({ status: "expired" }), wait);
    this.#bus.publish(
      "question.asked",
      { ...about, call_id: callId, question, options: [...options], expires_at: this.#now() + wait },
      { sessionKey },
    );
    const end = await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    this.#forget(sessionKey, waiting);
    const answer = end.status === "answered" ? { answer: end.answer } : {};
    this.#bus.publish("question.closed", { ...about, status: end.status, ...answer }, { sessionKey });
    return end;
  }

  /** Whether a question of this run waits in the session. */
  waits(sessionKey: string, runId: string): boolean {
    return this.#waiting.get(sessionKey)?.some((each) => each.runId === runId) ?? false;
  }

  /** What this run asks, if it waits for an answer. */
  asked(sessionKey: string, runId: string): string | undefined {
    return this.#waiting.get(sessionKey)?.find((each) => each.runId === runId)?.question;
  }

  /** The runs that wait for an answer. */
  runs(): readonly string[] {
    return [...this.#waiting.values()].flat().map(({ runId }) => runId);
  }

  /** Gives what somebody wrote to the oldest question; false when none waits. */
  answer(sessionKey: string, answer: string): boolean {
    const oldest = this.#waiting.get(sessionKey)?.shift();
    oldest?.end({ status: "answered", answer });
    return oldest !== undefined;
  }

  #forget(sessionKey: string, waiting: Waiting): void {
    const left = (this.#waiting.get(sessionKey) ?? []).filter((each) => each !== waiting);
    if (left.length > 0) this.#waiting.set(sessionKey, left);
    else this.#waiting.delete(sessionKey);
  }
}
