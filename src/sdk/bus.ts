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

export interface Subscription extends Disposable {
  /** Whether events after the wanted number are no longer there. */
  readonly truncated: boolean;
  readonly oldestSeq: number;
  readonly seq: number;
}

export interface Subscriber {
  /** Called synchronously, in order, for each event that matches; must not throw. */
  deliver(published: Published): void;
}

export interface Bus extends Publisher {
  /** First replays what is kept after `afterSeq`, then goes live, with no gap and no duplicate. */
  subscribe(pattern: string, subscriber: Subscriber, afterSeq?: number): Subscription;
  /** The number of the newest event. */
  readonly seq: number;
}
