/** Brings what runs say back to the conversations whose messages they answer: while it grows, and at the end for certain. */
import { describeError, type Log } from "../lib/log.ts";
import { retryAfter } from "../lib/retry-after.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData } from "../protocol/events.ts";
import { parseSessionKey } from "../protocol/session-key.ts";
import type { Published } from "../sdk/bus.ts";
import type { ChannelCapabilities, ChannelLimits, OpenChannel } from "../sdk/channel.ts";
import type { Store } from "../sdk/store.ts";
import { type StoredRun, shownFailure } from "../session/runs.ts";
import { rootOf } from "./admission.ts";
import { approvalButtons, approvalText } from "./approval-text.ts";
import { type Received, setAnswered, setShown, waitingFor } from "./inbox.ts";
import { LiveAnswer } from "./live-answer.ts";
import { madeFiles } from "./made-files.ts";
import { insertOutgoing, messageKey, type Outbox, type OutboxExtras, type OutboxFile } from "./outbox.ts";
import type { Reactions } from "./reactions.ts";
import type { SendGate } from "./send-gate.ts";
import { splitText } from "./split-text.ts";

export interface ChannelParts {
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
}

export interface AnswersOptions {
  readonly stores: { of(sessionKey: string): Store };
  readonly runs: {
    get(runId: string): Pick<StoredRun, "status" | "text" | "error" | "endedAt" | "sessionKey" | "request">;
  };
  readonly outbox: Pick<Outbox, "kick">;
  readonly gate: SendGate;
  readonly reactions: Reactions;
  readonly channelOf: (channel: string) => OpenChannel | undefined;
  readonly channelParts: (channel: string) => Promise<ChannelParts>;
  /** Whether answers are shown while they grow. */
  readonly streams: (channel: string) => boolean;
  /** The reaction that a message of a group has while it is worked on. */
  readonly ackReaction: (channel: string) => string | undefined;
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
}

/** A run whose answer is awaited. */
interface Followed {
  readonly store: Store;
  /** What is shown in the conversation of its first message. */
  readonly live: { readonly rowId: number; readonly answer: LiveAnswer } | undefined;
  readonly typing: Timer | undefined;
  /** By their rows: messages that have a reaction until they are answered. */
  readonly acknowledged: Set<number>;
}

const RETRIES = { firstMs: 1000, factor: 2, longestMs: 60_000 };
/** Places show for about five seconds that somebody writes. */
const TYPING_MS = 4500;

export class Answers implements AsyncDisposable {
  readonly #o: AnswersOptions;
  readonly #followed = new Map<string, Followed>();
  /** By session: messages that are on their way to a run. */
  readonly #expected = new Map<string, number>();
  /** By run: what it said before anybody knew that it answers a chat. */
  readonly #early = new Map<string, { readonly sessionKey: string; text: string }>();
  readonly #ending = new Set<Promise<void>>();
  /** By run: what brings its answer back, one after the other: two at once would not know what the other has shown. */
  readonly #ends = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: AnswersOptions) {
    this.#o = options;
  }

  /** A run of this session is about to be followed: what it says until then is kept. Call the result afterwards. */
  expect(sessionKey: string): () => void {
    this.#expected.set(sessionKey, (this.#expected.get(sessionKey) ?? 0) + 1);
    return () => {
      const others = this.#expected.get(sessionKey)! - 1;
      if (others > 0) return void this.#expected.set(sessionKey, others);
      this.#expected.delete(sessionKey);
      for (const [runId, early] of this.#early) if (early.sessionKey === sessionKey) this.#early.delete(runId);
    };
  }

  /**
   * The answer of this run goes to the messages that the inbox has for it; at once when it has ended. `row`: one of them, that came
   * in a group.
   */
  async follow(runId: string, store: Store, row?: number): Promise<void> {
    if (!this.#followed.has(runId) && this.#o.runs.get(runId).endedAt === null) await this.#begin(runId, store);
    if (row !== undefined) await this.#acknowledge(runId, store, row);
    // It may have ended while it was looked at.
    if (this.#o.runs.get(runId).endedAt !== null) await this.#end(runId, store);
  }

  /** Must not throw. */
  heard({ event: { topic, data }, sessionKey }: Published): void {
    switch (topic) {
      case "stream.chunk": {
        const { run_id, content } = data as EventData<typeof topic>;
        const followed = this.#followed.get(run_id);
        if (followed) followed.live?.answer.add(content);
        else if (sessionKey !== undefined && this.#expected.has(sessionKey)) {
          const early = this.#early.get(run_id);
          if (early) early.text += content;
          else this.#early.set(run_id, { sessionKey, text: content });
        }
        return;
      }
      case "agent.completed":
      case "agent.error":
      case "agent.cancelled":
      case "agent.interrupted": {
        const { run_id } = data as EventData<typeof topic>;
        const followed = this.#followed.get(run_id);
        if (followed) this.#report(this.#endForCertain(run_id, followed.store));
        return;
      }
      case "approval.requested":
        this.#asks(data as EventData<typeof topic>);
        return;
      case "question.asked": {
        const { run_id, session_key, question, options } = data as EventData<typeof topic>;
        const choices = options.map((option, at) => `${at + 1}. ${option}`);
        this.#tell(session_key, run_id, [question, ...choices].join("\n"), {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const live = [...this.#followed.values()].map(({ live, typing }) => {
      clearInterval(typing);
      return live?.answer.end();
    });
    this.#followed.clear();
    await Promise.allSettled([...live, ...this.#ending, ...this.#ends.values()]);
  }

  async #begin(runId: string, store: Store): Promise<void> {
    const [first] = waitingFor(store.db, runId);
    if (!first) return;
    const { channel, conversation } = first;
    const { capabilities, limits } = await this.#o.channelParts(channel);
    if (this.#stop.signal.aborted || this.#followed.has(runId)) return;
    const live = capabilities.edit && this.#o.streams(channel) ? this.#live(first, store, limits) : undefined;
    const typing = capabilities.typing ? this.#typing(channel, conversation) : undefined;
    this.#followed.set(runId, { store, live, typing, acknowledged: new Set() });
    const early = this.#early.get(runId);
    this.#early.delete(runId);
    if (early) live?.answer.add(early.text);
  }

  async #acknowledge(runId: string, store: Store, rowId: number): Promise<void> {
    const { ackReaction, channelParts, channelOf, reactions, log } = this.#o;
    const row = waitingFor(store.db, runId).find(({ id }) => id === rowId);
    const emoji = row && ackReaction(row.channel);
    if (emoji === undefined || !(await channelParts(row!.channel)).capabilities.react) return;
    const open = channelOf(row!.channel);
    const followed = this.#followed.get(runId);
    if (!open || !followed) return;
    followed.acknowledged.add(rowId);
    reactions.set(open, row!, emoji).catch((thrown: unknown) => {
      // It is only a sign; the answer comes without it.
      log.debug("reaction could not be shown", { interface: row!.channel, ...describeError(thrown) });
    });
  }

  #live({ id, channel, conversation, messageId, sessionKey, shown }: Received, store: Store, limits: ChannelLimits) {
    const { channelOf, gate, log } = this.#o;
    const answer = new LiveAnswer({
      conversation,
      channelOf: () => channelOf(channel),
      limit: limits.message,
      // In a group all see each of them, and places allow fewer.
      editMs: (limits.edit_ms ?? 1000) * (parseSessionKey(sessionKey).form === "group" ? 3 : 1),
      replyTo: messageId,
      keyOf: (at) => messageKey(channel, messageId, at),
      shown,
      pass: (signal, send) => gate.pass(channel, signal, send),
      onShown: (ids) => store.writeRelaxed((db) => setShown(db, id, ids)),
      log: log.child({ interface: channel }),
    });
    return { rowId: id, answer };
  }

  #typing(channel: string, conversation: string): Timer {
    const show = () => {
      const { channelOf, log } = this.#o;
      channelOf(channel)
        ?.typing?.(conversation)
        .catch((thrown: unknown) => {
          // It is only a sign; the answer comes without it.
          log.debug("typing could not be shown", { interface: channel, ...describeError(thrown) });
        });
    };
    show();
    return setInterval(show, TYPING_MS);
  }

  /** A full disk takes no answer, and may have room for it later. */
  async #endForCertain(runId: string, store: Store): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        return await this.#end(runId, store);
      } catch (thrown) {
        if (AlephError.from(thrown).reason !== "storage_failed") throw thrown;
        this.#o.log.error("answer could not be brought back", { run_id: runId, ...describeError(thrown) });
        await this.#o.wait(retryAfter(failures, RETRIES), signal);
      }
    }
  }

  #end(runId: string, store: Store): Promise<void> {
    const before = this.#ends.get(runId) ?? Promise.resolve();
    const end = before
      .catch(() => "told to whoever waited for it")
      .then(() => this.#bringBack(runId, store))
      .finally(() => {
        if (this.#ends.get(runId) === end) this.#ends.delete(runId);
      });
    this.#ends.set(runId, end);
    return end;
  }

  async #bringBack(runId: string, store: Store): Promise<void> {
    const { now, channelParts, outbox, ackReaction } = this.#o;
    const followed = this.#followed.get(runId);
    this.#followed.delete(runId);
    clearInterval(followed?.typing);
    const shown = (await followed?.live?.answer.end()) ?? [];
    const text = answerOf(this.#o.runs.get(runId));
    const files = madeFiles(store.db, runId);
    const rows = waitingFor(store.db, runId);
    if (rows.length === 0) return;
    const channels = new Map<string, ChannelParts>();
    for (const { channel } of rows) if (!channels.has(channel)) channels.set(channel, await channelParts(channel));
    await store.write((db) => {
      const told = new Set<string>();
      // Those that came meanwhile in the same conversation have the same answer.
      for (const row of waitingFor(db, runId)) {
        setAnswered(db, row.id);
        const place = JSON.stringify([row.channel, row.conversation]);
        if (told.has(place)) continue;
        told.add(place);
        const { channel, conversation } = row;
        const { capabilities, limits } = channels.get(channel) ?? {};
        const said = capabilities?.files ? text : [text, ...files.map(unsent)].join("\n\n");
        const pieces = splitText(said, limits?.message ?? Number.POSITIVE_INFINITY);
        const seen = row.id === followed?.live?.rowId ? shown : row.shown.map((id) => ({ id, text: undefined }));
        for (const extras of outgoing(pieces, seen, row)) {
          insertOutgoing(db, { channel, conversation, ...extras }, now());
        }
        // Each by itself: one that the place does not take holds back nothing else.
        for (const file of capabilities?.files ? files : []) {
          insertOutgoing(db, { channel, conversation, text: "", extras: { files: [file] } }, now());
        }
      }
      for (const { id, channel, conversation, messageId, sessionKey } of rows) {
        // An earlier process may have left a reaction there.
        const isMarked = followed?.acknowledged.has(id) ?? parseSessionKey(sessionKey).form === "group";
        if (!isMarked || !channels.get(channel)?.capabilities.react || !ackReaction(channel)) continue;
        const extras = { reaction: { to: messageId, emoji: null } };
        insertOutgoing(db, { channel, conversation, text: "", extras }, now());
      }
    });
    for (const { channel, conversation } of rows) outbox.kick(channel, conversation);
  }

  #asks(asked: EventData<"approval.requested">): void {
    const { session_key, run_id } = asked;
    if (session_key === null || run_id === null) return;
    this.#tell(session_key, run_id, approvalText(asked), { buttons: approvalButtons(asked) });
  }

  /** In the conversation that a run of this session, or of a subagent of it, answers in. */
  #tell(sessionKey: string, runId: string, text: string, extras: OutboxExtras): void {
    const { stores, now, channelParts, outbox } = this.#o;
    const root = rootOf(sessionKey);
    const store = stores.of(root);
    const place = waitingFor(store.db, runId).at(-1) ?? this.#placeOf(root);
    if (!place) return;
    const { channel, conversation } = place;
    this.#report(
      channelParts(channel).then(async ({ capabilities, limits }) => {
        const pieces = splitText(text, limits.message);
        await store.write((db) => {
          for (const [at, piece] of pieces.entries()) {
            const last = at === pieces.length - 1 && capabilities.buttons ? extras : {};
            insertOutgoing(db, { channel, conversation, text: piece, extras: last }, now());
          }
        });
        outbox.kick(channel, conversation);
      }),
    );
  }

  /** Where the followed run of this session answers. */
  #placeOf(root: string): Received | undefined {
    for (const [runId, { store }] of this.#followed) {
      if (this.#o.runs.get(runId).sessionKey === root) return waitingFor(store.db, runId).at(-1);
    }
    return undefined;
  }

  #report(work: Promise<void>): void {
    const reported = work
      .catch((thrown: unknown) => this.#o.log.error("answer could not be brought back", describeError(thrown)))
      .finally(() => this.#ending.delete(reported));
    this.#ending.add(reported);
  }
}

/** What changes the messages that are shown into these pieces, and sends the rest. */
function outgoing(
  pieces: readonly string[],
  shown: readonly { readonly id: string; readonly text: string | undefined }[],
  { channel, messageId }: Pick<Received, "channel" | "messageId">,
): { readonly text: string; readonly extras: OutboxExtras }[] {
  const changes = pieces.flatMap((text, at): { text: string; extras: OutboxExtras }[] => {
    const there = shown[at];
    // A process that was killed may have shown it, and not have heard of that.
    const key = messageKey(channel, messageId, at);
    if (!there) return [{ text, extras: at === 0 ? { key, replyTo: messageId } : { key } }];
    return there.text === text ? [] : [{ text, extras: { replaces: there.id } }];
  });
  // What was shown beyond its end was said on the way.
  const over = shown.slice(pieces.length).map(({ id }) => ({ text: "…", extras: { replaces: id } }));
  return [...changes, ...over];
}

function unsent({ name }: OutboxFile): string {
  return `[${name}: this place takes no files]`;
}

function answerOf({ status, text, error, request }: Pick<StoredRun, "status" | "text" | "error" | "request">): string {
  const said = text?.trim() ?? "";
  const after = (note: string) => (said === "" ? note : `${said}\n\n${note}`);
  if (status === "failed") {
    const told = error ? shownFailure(error, request.grant).message : "the run failed";
    return after(`I could not answer: ${told}`);
  }
  if (status === "interrupted") return after("I was interrupted here. Write again and I go on.");
  if (status === "cancelled") return after("Stopped.");
  return said === "" ? "(No answer)" : said;
}
