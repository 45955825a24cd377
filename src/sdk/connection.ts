/** What a method may know and do about the connection that its request came over. */
import type { Grant } from "../protocol/identity.ts";

export interface Subscribed {
  /** The pattern from now on delivers; earlier events after `after_seq` were delivered first, unless `truncated`. */
  readonly truncated: boolean;
  /** The oldest event that can still be replayed. */
  readonly oldest_seq: number;
  /** The newest event at the time of the answer. */
  readonly seq: number;
}

export interface Rights {
  readonly grant: Grant;
  /** What the grant came from, each by a name that tells nothing: when one of them ends, so does the connection. */
  readonly credentials: readonly string[];
  /** Unix milliseconds at which the first of them ends by itself; so does the connection. */
  readonly expiresAt?: number;
}

export interface Connection {
  readonly id: string;
  /** The `Host` header it came with; part of what a device signs. */
  readonly host: string;
  /** The peer's address; for limits, never for trust. */
  readonly address: string;
  /** The `Origin` header that it came with: a browser says it, anybody else may make it up. */
  readonly origin: string | undefined;
  /** Whether that is another server's page, which may come with an invite for it and with nothing else. */
  readonly isForeign: boolean;
  /** Sent as `connect.challenge` on open, but not to pages of others. */
  readonly nonce: string;
  /** Whether this is the nonce of this connection and nobody has used it yet; from now on it is used. */
  takeNonce(nonce: string): boolean;
  /** The panel's session cookie, when the upgrade carried one. */
  readonly cookie: string | undefined;
  readonly rights: Rights | undefined;
  /** Gives the connection its rights, in place of those that it had. */
  authenticate(rights: Rights): void;
  /** Throws `overloaded` when there are too many. */
  subscribe(pattern: string, afterSeq?: number): Subscribed;
  /** Whether there was such a subscription. */
  unsubscribe(pattern: string): boolean;
  readonly subscriptions: readonly string[];
  /** Aborts when the connection has ended, whoever ended it. */
  readonly ended: AbortSignal;
  /**
   * Asks the client, with JSON-RPC the other way round. Rejects with the error that it answers with, with `cancelled` when
   * the connection ends before, and with the reason of `signal`; the client is not told that nobody waits any more.
   */
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown>;
  /** The end, with a code of `protocol/close.ts`. */
  close(code: number, reason: string): void;
}
