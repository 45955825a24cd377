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
}

/** What somebody wrote. */
export interface Inbound {
  /** The key of the session that it belongs to. */
  readonly sessionKey: string;
  readonly text: string;
  /** The place's own id of the message: one that comes twice within a day starts one run. */
  readonly id?: string;
}

export interface ChannelHost {
  readonly log: Log;
  /** Aborts when the interface is to stop, also while `open` is still under way. Ignoring it is a bug. */
  readonly signal: AbortSignal;
  /**
   * Starts a run with the rights of the owner, so only for a writer whom the channel knows to be the owner. Resolves when
   * the message is on disk; rejects with the `AlephError` of `agent.run`.
   */
  receive(inbound: Inbound): Promise<{ readonly runId: string }>;
  /** Somebody wrote who may not; it is counted and, by the place's id of the writer, logged. */
  refused(sender: string): void;
}

export interface SentMessage {
  /** As the place names it. */
  readonly id: string;
}

/** Open until disposed: there is no other way to stop it. */
export interface OpenChannel extends AsyncDisposable {
  /**
   * Resolves when the place has taken the message. `target` is the place's own name of a conversation. Rejects with
   * `AlephError`: `not_found` when there is no such conversation.
   */
  send(target: string, message: string): Promise<SentMessage>;
  /** Resolves with the reason when the connection broke by itself: then it is disposed, and opened again later. */
  readonly broken?: Promise<AlephError>;
}

export interface Channel<Id extends string, O extends z.ZodType, Needs> {
  /** The name of its table in `[interfaces.<id>]`. */
  readonly id: Id;
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
  /** The keys of its table besides `enabled`; left out by a channel that has none. Secrets arrive resolved. */
  readonly options?: O;
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
