/** Brings what the runs of webhooks say to the conversations that the config names, once each, also after a restart. */
import type { Database } from "bun:sqlite";

import { describeError, type Log } from "../lib/log.ts";
import type { EventData } from "../protocol/events.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import type { Runs } from "../session/runs.ts";
import { deleteAnswer, type PendingAnswer, pendingAnswers } from "./delivery-rows.ts";

/** Puts messages to the conversations of one channel into the caller's transaction. */
export interface Poster {
  put(db: Database, conversation: string, text: string): void;
  /** After the commit. */
  kick(): void;
}

export interface AnswersOptions {
  readonly store: Store;
  readonly runs: Pick<Runs, "get">;
  readonly bus: Pick<Bus, "attach">;
  /** For the conversations of one channel. Throws `not_found`. */
  readonly poster: (channel: string) => Promise<Poster>;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const KEPT_MS = 7 * 86_400_000;

export class Answers implements AsyncDisposable {
  readonly #o: AnswersOptions;
  readonly #attached: Disposable;
  readonly #work = new Set<Promise<void>>();

  constructor(options: AnswersOptions) {
    this.#o = options;
    this.#attached = options.bus.attach({
      deliver: ({ event: { topic, data } }) => {
        if (/^agent\.(?:completed|error|cancelled|interrupted)$/.test(topic)) {
          this.follow((data as EventData<"agent.cancelled">).run_id);
        }
        if (topic === "interface.started") this.resume((data as EventData<"interface.started">).interface);
      },
    });
  }

  /** Takes up what an earlier process did not bring, or what waits for this interface. */
  resume(place?: string): void {
    for (const { run_id, channel } of pendingAnswers(this.#o.store.db)) {
      if (place === undefined || channel === place) this.follow(run_id);
    }
  }

  /** Nothing happens before the run has ended, or when nobody waits for it. */
  follow(runId: string): void {
    const work = this.#bring(runId)
      .catch((thrown: unknown) =>
        this.#o.log.error("the answer to a webhook could not be brought", { run_id: runId, ...describeError(thrown) }),
      )
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attached[Symbol.dispose]();
    await Promise.all(this.#work);
  }

  async #bring(runId: string): Promise<void> {
    const { store, runs, poster: posterOf, log, now } = this.#o;
    const wanted = store.db.query<PendingAnswer, [string]>("SELECT * FROM webhook_answer WHERE run_id = ?").get(runId);
    if (!wanted) return;
    const run = runs.get(runId);
    if (run.endedAt === null) return;
    const { channel, conversation, hook } = wanted;
    let poster: Poster;
    try {
      poster = await posterOf(channel);
    } catch (thrown) {
      const about = { webhook: hook, interface: channel, ...describeError(thrown) };
      log.error("the answer to a webhook has nowhere to go", about);
      // At a start those of plugins are not there yet: it waits for them, as what is in the outbox does.
      if (now() - run.endedAt > KEPT_MS) store.writeRelaxed((db) => deleteAnswer(db, runId));
      return;
    }
    const text = saidBy(run, hook);
    await store.write((db) => {
      if (deleteAnswer(db, runId) && text !== "") poster.put(db, conversation, text);
    });
    poster.kick();
  }
}

function saidBy(
  { status, text, error }: Pick<ReturnType<Runs["get"]>, "status" | "text" | "error">,
  hook: string,
): string {
  const said = text?.trim() ?? "";
  if (status === "completed") return said;
  const why = status === "failed" ? (error?.message ?? "it failed") : `it was ${status}`;
  return [said, `Webhook "${hook}" has no answer: ${why}`].filter((part) => part !== "").join("\n\n");
}
