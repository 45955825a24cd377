/** The event bus as others see it. */
import type { EventData, EventFrame, Topic } from "../protocol/events.ts";

export interface PublishOptions {
  /** The session that the event is about; decides who may see it, and nothing of an ephemeral one is kept on disk. */
  readonly sessionKey?: string;
}

export interface Publisher {
  /** Numbers the event and hands it to the subscribers at once; returns its number. Never throws, never waits. */
  publish<T extends Topic>(topic: T, data: EventData<T>, options?: PublishOptions): number;
}

/** An event with its frame as text, made once for all who get it. */
export interface Published {
  readonly event: EventFrame;
  readonly sessionKey: string | undefined;
  /** `{"jsonrpc":"2.0","method":"event","params":…}` */
  readonly frame: string;
}

export interface Subscriber {
  /** Called synchronously, in order, for every event; filters for itself and must not throw. */
  deliver(published: Published): void;
}

export interface Bus extends Publisher {
  /** From now on `subscriber` gets each event, until disposed. */
  attach(subscriber: Subscriber): Disposable;
  /** Kept events after `after`, in order, at most `limit`; empty when there is none yet. */
  read(after: number, limit: number): readonly Published[];
  /** The number of the newest event. */
  readonly seq: number;
  /** The oldest event from which on nothing is missing. */
  readonly oldestSeq: number;
  /** The same for memory alone, where those of ephemeral sessions are. */
  readonly oldestInMemory: number;
}
