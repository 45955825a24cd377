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

export interface Connection {
  readonly id: string;
  /** The `Host` header it came with; part of what a device signs. */
  readonly host: string;
  /** The peer's address; for limits, never for trust. */
  readonly address: string;
  /** Sent as `connect.challenge` on open. */
  readonly nonce: string;
  /** The panel's session cookie, when the upgrade carried one. */
  readonly cookie: string | undefined;
  readonly grant: Grant | undefined;
  /** Gives the connection its rights. `credential` names what they came from, so that revoking it closes the socket. */
  authenticate(grant: Grant, credential: string): void;
  subscribe(pattern: string, afterSeq?: number): Subscribed;
  /** Whether there was such a subscription. */
  unsubscribe(pattern: string): boolean;
  readonly subscriptions: readonly string[];
}
