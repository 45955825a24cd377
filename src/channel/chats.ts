/**
 * What people write in chats, from its arrival to the answer: kept once, admitted or refused, answered by a run, and what the
 * run says brought back. A killed process takes up at its next start what it left.
 */
import { describeError, type Log } from "../lib/log.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventData } from "../protocol/events.ts";
import { guestRefusal } from "../protocol/guest-failure.ts";
import type { Grant } from "../protocol/identity.ts";
import type { RunParams } from "../protocol/run.ts";
import type { Bus, Published } from "../sdk/bus.ts";
import type {
  Chat,
  ChatPolicy,
  IncomingFile,
  IncomingMessage,
  OpenChannel,
  Press,
  Pressed,
  Reception,
} from "../sdk/channel.ts";
import type { Store } from "../sdk/store.ts";
import { admit, grantOf, isSpokenIn } from "./admission.ts";
import { Answers, type AnswersOptions } from "./answers.ts";
import { type Decision, readApprovalButton } from "./approval-text.ts";
import { findReceived, forgetOld, insertReceived, type Received, setAnswered, setRun, unanswered } from "./inbox.ts";
import { insertOutgoing, Outbox, type OutboxOptions } from "./outbox.ts";
import type { Peers } from "./peers.ts";
import { Reactions } from "./reactions.ts";
import { SendGate } from "./send-gate.ts";

export interface ChatsOptions extends Pick<AnswersOptions, "runs" | "channelParts">, Pick<OutboxOptions, "media"> {
  readonly stores: { of(sessionKey: string): Store; all(): readonly Store[]; readonly durable: Store };
  readonly runner: {
    start(params: RunParams, grant: Grant): Promise<{ readonly run_id: string }>;
  };
  readonly approvals: {
    get(approvalId: string): { readonly session_key: string | null };
    resolve(answer: { approvalId: string; decision: Decision; by: string }): Promise<unknown>;
  };
  readonly peers: Peers;
  /** The channel while it is running. */
  readonly channelOf: (channel: string) => OpenChannel | undefined;
  readonly bus: Pick<Bus, "attach" | "publish">;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A place that was joined. */
export interface Joined {
  /** Of the interface, or of all accounts of its platform: where an id of a sender is the same person. */
  readonly realm: string;
  readonly policy: ChatPolicy;
  readonly refused: (sender: string) => void;
  readonly signal: AbortSignal;
}

/** Messages a second that a person can write by hand, and how many at once; the owner is not counted. */
const RATE = 2;
const BURST = 30;
/** People whose pace is remembered. */
const PACES = 10_000;
/** After a start, so long may a place take to give once more what was not taken. */
const GIVEN_AGAIN_MS = 15_000;
const MAX_FILES = 20;
const MAX_FILE_BYTES = 20_000_000;
const MAX_TEXT = 100_000;

const ANSWERED: Readonly<Record<Decision, string>> = {
  once: "Allowed once",
  session: "Allowed in this session",
  always: "Allowed for always",
  deny: "Denied",
};

const TAKEN: Reception = { taken: true };
const NOT_TAKEN: Reception = { taken: false };
const NOT_YOURS: Pressed = { text: "You may not answer this", settled: false };

export class Chats implements AsyncDisposable {
  readonly #o: ChatsOptions;
  readonly #outbox: Outbox;
  readonly #answers: Answers;
  readonly #joined = new Map<string, Joined>();
  /** By channel and message: what is on its way to a run. */
  readonly #arriving = new Map<string, Promise<Reception>>();
  readonly #paces = new Map<string, TokenBucket>();
  readonly #attached: Disposable;

  constructor(options: ChatsOptions) {
    this.#o = options;
    const gate = new SendGate(options);
    const reactions = new Reactions();
    this.#outbox = new Outbox({ ...options, gate, reactions });
    this.#answers = new Answers({
      ...options,
      gate,
      reactions,
      outbox: this.#outbox,
      streams: (channel) => this.#joined.get(channel)?.policy.stream === true,
      ackReaction: (channel) => this.#joined.get(channel)?.policy.ack_reaction,
    });
    this.#attached = options.bus.attach({ deliver: (published) => this.#heard(published) });
  }

  /** From now on what this channel hears is judged by this policy. */
  join(channel: string, joined: Joined): Chat {
    this.#joined.set(channel, joined);
    return {
      receive: (message) => this.#receive(channel, joined, message),
      press: (press) => this.#press(channel, joined, press),
      knows: (sender) => grantOf({ channel, ...joined }, sender, this.#o.peers.get(channel, sender.id)) !== undefined,
    };
  }

  /** Sends what others have put down for this channel, or for one conversation of it. */
  kick(channel: string, conversation?: string): void {
    this.#outbox.kick(channel, conversation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#attached[Symbol.dispose]();
    await Promise.allSettled(this.#arriving.values());
    await this.#answers[Symbol.asyncDispose]();
    await this.#outbox[Symbol.asyncDispose]();
  }

  #heard(published: Published): void {
    const { topic, data } = published.event;
    if (topic === "interface.started") this.#takeUp((data as EventData<"interface.started">).interface);
    else this.#answers.heard(published);
  }

  #receive(channel: string, joined: Joined, message: IncomingMessage): Promise<Reception> {
    return this.#once(channel, message.id, () => this.#take(channel, joined, message));
  }

  /** What is under way with this message already is not begun again. */
  #once(channel: string, messageId: string, work: () => Promise<Reception>): Promise<Reception> {
    const key = `${channel}\0${messageId}`;
    const known = this.#arriving.get(key);
    if (known) return known;
    const arriving = work().finally(() => this.#arriving.delete(key));
    this.#arriving.set(key, arriving);
    return arriving;
  }

  async #take(channel: string, joined: Joined, message: IncomingMessage): Promise<Reception> {
    const { log, stores, peers, now } = this.#o;
    const { refused, signal } = joined;
    const fault = faultOf(message);
    if (fault) {
      log.warn("message of a chat is not valid", { interface: channel, fault });
      return NOT_TAKEN;
    }
    const { sender, conversation } = message;
    const admission = admit({ channel, ...joined }, message, peers.get(channel, sender.id));
    if (admission.kind !== "taken") {
      if (admission.kind !== "overheard") refused(sender.id);
      if (admission.kind === "stranger") await this.#meet(channel, message);
      return NOT_TAKEN;
    }
    const { grant, sessionKey } = admission;
    const store = stores.of(sessionKey);
    const found = findReceived(store.db, channel, message.id);
    if (found?.runId !== undefined || found?.answered) return TAKEN;
    if (!this.#keepsPace(grant)) {
      log.warn("message dropped: too many of them", { interface: channel, sender: grant.identity.id });
      return NOT_TAKEN;
    }
    const text = textOf(message);
    const files = (message.files ?? []).slice(0, MAX_FILES);
    const request = { text, grant, files: files.map(({ name }) => name) };
    const entry = { channel, messageId: message.id, conversation, sessionKey, request };
    const id = found?.id ?? store.writeRelaxed((db) => insertReceived(db, entry, now()));
    const { attachments, lost } = await loadFiles(files, signal);
    const said = text.trim() === "" ? files.map(({ name }) => `[file "${name}"]`) : [text];
    const whole = [...said, ...lost].join("\n");
    const params = { message: whole, ...(attachments.length > 0 ? { attachments } : {}) };
    await this.#start({ ...entry, id }, params, message.group !== undefined);
    return TAKEN;
  }

  /** Rejects when it could not be kept and may be given again. */
  async #start(
    entry: Pick<Received, "id" | "channel" | "messageId" | "conversation" | "sessionKey"> &
      Pick<Required<Received>, "request">,
    params: Pick<RunParams, "message" | "attachments">,
    isOfGroup = false,
  ): Promise<void> {
    const { runner, stores, log, now } = this.#o;
    const { id, channel, messageId, conversation, sessionKey, request } = entry;
    const store = stores.of(sessionKey);
    const release = this.#answers.expect(sessionKey);
    try {
      const key = `interface:${channel}:${messageId}`;
      const { run_id } = await runner
        .start({ ...params, session_key: sessionKey, idempotency_key: key }, request!.grant)
        .catch(alreadyStarted);
      store.writeRelaxed((db) => setRun(db, id, run_id));
      await this.#answers.follow(run_id, store, isOfGroup ? id : undefined);
    } catch (thrown) {
      const refusal = AlephError.from(thrown);
      const { reason, data } = refusal;
      // The server stops, or its disk is full: it is taken at the next start, or when the place gives it again. That a session
      // has too much to do is for whoever writes there: the place must not wait with what others write.
      const isFull = data.retry_after_ms !== undefined;
      if ((reason === "overloaded" && !isFull) || reason === "storage_failed") throw thrown;
      log.warn("message could not be taken", { interface: channel, session_key: sessionKey, ...describeError(thrown) });
      const { message } = (request!.grant.role === "guest" && guestRefusal(refusal)) || refusal;
      await store.write((db) => {
        insertOutgoing(db, { channel, conversation, text: `I could not take this: ${message}` }, now());
        setAnswered(db, id);
      });
      this.#outbox.kick(channel, conversation);
    } finally {
      release();
    }
  }

  /** A stranger gets a code once in an hour, and nothing else. */
  async #meet(channel: string, { sender, conversation }: IncomingMessage): Promise<void> {
    const { peers, stores, now, bus } = this.#o;
    const waiting = await peers.ask(channel, sender.id, sender.name);
    if (!waiting) return;
    bus.publish("auth.pairing_requested", {
      pairing_id: waiting.pairingId,
      device_id: `${channel}:${sender.id}`,
      name: waiting.name ?? sender.id,
      role: "operator",
      scopes: ["chat"],
      expires_at: waiting.expiresAt,
    });
    const text = [
      "This is somebody's own assistant, and it does not know you.",
      `Its owner can let you in with: \`aleph pairing approve ${waiting.code}\``,
      "The code is good for an hour.",
    ].join("\n");
    await stores.durable.write((db) => insertOutgoing(db, { channel, conversation, text }, now()));
    this.#outbox.kick(channel, conversation);
  }

  async #press(channel: string, joined: Joined, { sender, value }: Press): Promise<Pressed> {
    const { approvals, peers, log } = this.#o;
    const place = { channel, ...joined };
    const pressed = readApprovalButton(value);
    if (!pressed) return { text: "This button does nothing any more", settled: true };
    const grant = grantOf(place, sender, peers.get(channel, sender.id));
    if (!grant?.scopes.includes("approve")) return NOT_YOURS;
    try {
      const { session_key } = approvals.get(pressed.approvalId);
      if (grant.identity.kind !== "owner" && !isSpokenIn(place, sender.id, session_key)) {
        return NOT_YOURS;
      }
      await approvals.resolve({ ...pressed, by: grant.identity.id });
      return { text: ANSWERED[pressed.decision], settled: true };
    } catch (thrown) {
      log.debug("button had no effect", { interface: channel, ...describeError(thrown) });
      const { reason, message } = AlephError.from(thrown);
      return { text: message, settled: reason === "conflict" || reason === "not_found" };
    }
  }

  /** After a start: messages that no run was made for, runs that ended with nobody there, what was not sent. */
  #takeUp(channel: string): void {
    const { stores, log, now } = this.#o;
    // One that hears nothing may have something to say.
    if (!this.#joined.has(channel)) {
      this.#outbox.kick(channel);
      return;
    }
    const report = (thrown: unknown) =>
      log.error("message could not be taken up", { interface: channel, ...describeError(thrown) });
    for (const store of stores.all()) {
      store.writeRelaxed((db) => forgetOld(db, now()));
      for (const row of unanswered(store.db, channel)) {
        void this.#awaitFiles(row)
          .then(() => this.#once(channel, row.messageId, () => this.#goOn(row, store)))
          .catch(report);
      }
    }
    this.#outbox.kick(channel);
  }

  /** Places give a message that was not taken once more, with its files: they are lost only when that does not happen. */
  async #awaitFiles({ channel, runId, request }: Received): Promise<void> {
    const joined = this.#joined.get(channel);
    if (runId === undefined && request && request.files.length > 0 && joined) {
      await this.#o.wait(GIVEN_AGAIN_MS, joined.signal);
    }
  }

  async #goOn({ channel, messageId }: Received, store: Store): Promise<Reception> {
    const row = findReceived(store.db, channel, messageId);
    // The next start takes it up.
    const isStopping = this.#joined.get(channel)?.signal.aborted === true;
    if (!row || row.answered || isStopping) return TAKEN;
    if (row.runId !== undefined) await this.#answers.follow(row.runId, store);
    else if (row.request) await this.#restart(row, row.request);
    return TAKEN;
  }

  #restart(row: Received, request: NonNullable<Received["request"]>): Promise<void> {
    const lost = request.files.map((name) => `[file "${name}" was lost: send it again]`);
    return this.#start({ ...row, request }, { message: [request.text, ...lost].join("\n") });
  }

  #keepsPace({ identity }: Grant): boolean {
    if (identity.kind === "owner") return true;
    let pace = this.#paces.get(identity.id);
    if (!pace) {
      if (this.#paces.size >= PACES) this.#paces.delete(this.#paces.keys().next().value!);
      pace = createTokenBucket(RATE, this.#o.monotonic, BURST);
      this.#paces.set(identity.id, pace);
    }
    return pace.take() === 0;
  }
}

function faultOf({ id, conversation, sender, text, files = [] }: IncomingMessage): string | undefined {
  if (id === "" || id.length > 200) return "its id must have 1 to 200 characters";
  if (conversation === "" || conversation.length > 512) return "its conversation must have 1 to 512 characters";
  if (sender.id === "" || sender.id.length > 256) return "its sender's id must have 1 to 256 characters";
  if (text.length > MAX_TEXT) return `its text is longer than ${MAX_TEXT} characters`;
  if (text.trim() === "" && files.length === 0) return "it holds nothing";
  return undefined;
}

/** In a group the model must know who speaks; a command is a command. */
function textOf({ text, sender, group }: IncomingMessage): string {
  if (!group || text.startsWith("/")) return text;
  if (sender.name === undefined) return text;
  const name = sender.name
    .replace(/[\s[\]]+/g, " ")
    .trim()
    .slice(0, 64)
    // Half a character would stay in the conversation, and there are models that refuse all of it then.
    .toWellFormed();
  return `[${name}] ${text}`;
}

async function loadFiles(files: readonly IncomingFile[], signal: AbortSignal) {
  const attachments: NonNullable<RunParams["attachments"]> = [];
  const lost: string[] = [];
  for (const { name, type, size = 0, load } of files) {
    try {
      if (size > MAX_FILE_BYTES) throw new AlephError("payload_too_large", `larger than ${MAX_FILE_BYTES / 1e6} MB`);
      const bytes = await load(signal);
      if (bytes.byteLength > MAX_FILE_BYTES) {
        throw new AlephError("payload_too_large", `larger than ${MAX_FILE_BYTES / 1e6} MB`);
      }
      const mime = type !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : "application/octet-stream";
      attachments.push({ mime, name: name.slice(0, 255).toWellFormed(), data: Buffer.from(bytes).toString("base64") });
    } catch (thrown) {
      if (signal.aborted) throw new AlephError("overloaded", "Interface is stopping", { cause: thrown });
      lost.push(`[file "${name.slice(0, 255).toWellFormed()}" could not be read: ${AlephError.from(thrown).message}]`);
    }
  }
  return { attachments, lost };
}

/** The same message, though its files are gone or were read anew: the run that it started. */
function alreadyStarted(thrown: unknown): { readonly run_id: string } {
  const { reason, data } = AlephError.from(thrown);
  if (reason === "conflict" && typeof data?.run_id === "string") return { run_id: data.run_id };
  throw thrown;
}
