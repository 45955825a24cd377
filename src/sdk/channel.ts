/** What a channel is: a place where people write to Aleph and read what it says. The wire says `interface`. */
import type * as z from "zod";
import type { Log } from "../lib/log.ts";
import type { AlephError } from "../protocol/errors.ts";

/** What the place can do with a message besides carrying its text. */
export interface ChannelCapabilities {
  readonly edit: boolean;
  readonly react: boolean;
  readonly typing: boolean;
  readonly files: boolean;
  readonly threads: boolean;
  readonly buttons: boolean;
}

export interface ChannelLimits {
  /** Characters of one message, as JavaScript counts them; a longer one is refused before `send` is called. */
  readonly message: number;
  /** Milliseconds between two edits of one message, where it can be edited. Default: a second. */
  readonly edit_ms?: number;
}

/** Somebody who writes. */
export interface Sender {
  /** As nobody can choose it for himself, such as the number of an account; at most 256 characters. */
  readonly id: string;
  readonly name?: string;
}

/** A file that came with a message; it is fetched only if its sender may write. */
export interface IncomingFile {
  readonly name: string;
  /** A media type. */
  readonly type?: string;
  /** Bytes, where the place says how many. */
  readonly size?: number;
  load(signal: AbortSignal): Promise<Uint8Array>;
}

/** What somebody wrote. */
export interface IncomingMessage {
  /** The place's own id: a message that comes twice starts one run. At most 200 characters. */
  readonly id: string;
  /** Where an answer goes, as `send` takes it: at most 512 characters. */
  readonly conversation: string;
  readonly sender: Sender;
  readonly text: string;
  readonly files?: readonly IncomingFile[];
  /** Where several read the answer; left out, it is the sender alone. */
  readonly group?: {
    readonly id: string;
    readonly name?: string;
    readonly thread?: string;
    /** Whether it was said to Aleph: by its name, or as an answer to it. */
    readonly addressed: boolean;
  };
}

/** Somebody pressed a button. */
export interface Press {
  readonly conversation: string;
  readonly sender: Sender;
  /** The button's own. */
  readonly value: string;
}

export interface Reception {
  /** Whether an answer to it comes, or came. */
  readonly taken: boolean;
}

export interface Pressed {
  readonly text: string;
  readonly settled: boolean;
}

/** Whom a channel lets write, and what becomes of it. `chatOptions` has it as keys of a table. */
export interface ChatPolicy {
  /** Ids of senders with the rights of the owner, letter by letter. */
  readonly allow_from: readonly string[];
  /** What becomes of others who write alone: a code for the owner to let them in, nothing, the rights of a guest, or nothing for all. */
  readonly dm_policy: "pairing" | "allowlist" | "open" | "disabled";
  /** By id; `*` stands for all others. Of a group that is not named nothing is taken. */
  readonly groups: Readonly<Record<string, GroupPolicy>>;
  /**
   * Whose session what somebody writes alone belongs to. `main`: the owner's main session, when it is the owner; else as `per_peer`:
   * each sender has one, over all accounts of a platform that knows him by the same id. `per_channel_peer`: one in each account.
   */
  readonly dm_scope: "main" | "per_peer" | "per_channel_peer";
  readonly agent: string;
  /** Tools that guests may use, of those that guests may have at all; left out, none. */
  readonly guest_tools?: readonly string[];
  /** Whether the answer is shown while it grows, where a message can be edited. */
  readonly stream: boolean;
  /** The reaction to a message of a group while it is worked on, where the place has reactions; left out, none. */
  readonly ack_reaction?: string | undefined;
}

export interface GroupPolicy {
  readonly require_mention: boolean;
  /** Whose messages are taken besides those of `allow_from`, with the rights of a guest; `*` for everybody. */
  readonly allow_from: readonly string[];
  /** In place of those of all guests. */
  readonly guest_tools?: readonly string[] | undefined;
}

/** What a place where people chat gives what it hears to. */
export interface Chat {
  /**
   * Resolves when the message is on disk, or when it is clear that nothing becomes of it. Rejects when it could not be kept:
   * then the place is to give it once more.
   */
  receive(message: IncomingMessage): Promise<Reception>;
  /** Resolves with what to show to whoever pressed it, and whether the buttons have done their work. Never rejects. */
  press(press: Press): Promise<Pressed>;
  /** Whether the owner knows this sender: what shows to others that Aleph is there is for such people alone. */
  knows(sender: Sender): boolean;
}

export interface ChannelHost {
  /** The interface's own name: that of its table. */
  readonly id: string;
  readonly log: Log;
  /** Aborts when the interface is to stop, also while `open` is still under way. Ignoring it is a bug. */
  readonly signal: AbortSignal;
  /** For places where others than the owner may write. Answers come back over `send` and `edit` of what is opened. */
  chat(policy: ChatPolicy): Promise<Chat>;
}

export interface Button {
  readonly label: string;
  /** What comes back; at most 64 bytes. */
  readonly value: string;
}

export interface OutgoingFile {
  readonly name: string;
  readonly type: string;
  load(): Promise<Uint8Array>;
}

/** What a message has besides its text; a place that cannot do one of them is not asked to. */
export interface MessageExtras {
  /** Rows of buttons. */
  readonly buttons?: readonly (readonly Button[])[];
  /** They come by themselves, with an empty text. */
  readonly files?: readonly OutgoingFile[];
  /** The place's id of the message that is answered. */
  readonly replyTo?: string;
  /** It is the beginning of an answer that goes on by `edit`; where this message could not be changed, it is refused. */
  readonly grows?: boolean;
  /**
   * The same for each attempt to send the same: for places that `knowsKeys`. What was sent with it may have been the beginning
   * alone; then it is to say the whole now. At most 25 characters.
   */
  readonly key?: string;
}

export interface ChannelRequest {
  readonly headers: Headers;
  /** What stands behind the address. */
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

export interface SentMessage {
  /** As the place names it. */
  readonly id: string;
}

/** Open until disposed: there is no other way to stop it. */
export interface OpenChannel extends AsyncDisposable {
  /**
   * Whether a message that is sent again with the same `key`, after minutes too, is shown once. Messages to other places go out one
   * by one, so that a process that is killed sends at most one of them twice.
   */
  readonly knowsKeys?: boolean;
  /**
   * Resolves when the place has taken the message, which is Markdown. `target` is the place's own name of a conversation.
   * Rejects with `AlephError`: `not_found` when there is no such conversation, `forbidden` when it may not be written to,
   * `invalid_params` when the place will never take it; `rate_limited` with `retry_after_ms`. Anything else is tried again.
   */
  send(target: string, message: string, extras?: MessageExtras): Promise<SentMessage>;
  /** In place of what the message `id` says. Rejects as `send`; `not_found` also when the message is gone. */
  edit?(target: string, id: string, message: string, extras?: MessageExtras): Promise<void>;
  /**
   * The bot's own reaction to the message `id`, as it came or was sent: this emoji in place of any other, or none. Done twice it is as
   * done once. Rejects as `send`; `invalid_params` when the place has no such reaction, `not_found` also when the message is gone.
   */
  react?(target: string, id: string, emoji: string | null): Promise<void>;
  /** Shows for some seconds that an answer is being written. */
  typing?(target: string): Promise<void>;
  /** What the platform sends to `POST /channels/<id>`; it must show that it comes from there. */
  request?(request: ChannelRequest): Promise<{ readonly status: number; readonly body?: string }>;
  /** Resolves with the reason when the connection broke by itself: then it is disposed, and opened again later. */
  readonly broken?: Promise<AlephError>;
}

export interface Channel<Id extends string, O extends z.ZodType, Needs> {
  /** The name of its table in `[interfaces.<id>]`. */
  readonly id: Id;
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
  /** Whether somebody has the same id, and nobody else has it, at all accounts of it that there can be. Default: no. */
  readonly globalSenders?: boolean;
  /** The keys of its table besides `enabled`; left out by a channel that has none. Secrets arrive resolved. */
  readonly options?: O;
  /** Why it cannot work here with this table, as long as the table is as it is; `aleph doctor` tells it. */
  obstacle?(options: z.output<O>, platform: string): string | undefined;
  /** Resolves when messages can be sent. Rejects when that cannot be; then it is tried again later, with a new host. */
  open(needs: Needs, options: z.output<O>, host: ChannelHost): Promise<OpenChannel>;
}

// biome-ignore lint/suspicious/noExplicitAny: `open` is contravariant in what it needs; the sum is checked in app.ts
export type AnyChannel = Channel<string, z.ZodType, any>;

export function defineChannel<const Id extends string, O extends z.ZodType, Needs = Record<never, never>>(
  channel: Channel<Id, O, Needs>,
): Channel<Id, O, Needs> {
  return channel;
}
