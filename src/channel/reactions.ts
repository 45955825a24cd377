/** Our reactions to messages: those to one message one after the other, so that one that is taken away does not come after that. */
import { createSerial, type Serial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { OpenChannel } from "../sdk/channel.ts";

/** A message, as its place names it. */
export interface Reacted {
  readonly channel: string;
  readonly conversation: string;
  readonly messageId: string;
}

export class Reactions {
  readonly #underWay = new Map<string, { readonly serial: Serial; count: number }>();

  /** No emoji takes it away. Rejects as the channel does. */
  async set(open: OpenChannel, { channel, conversation, messageId }: Reacted, emoji: string | null): Promise<void> {
    const key = JSON.stringify([channel, conversation, messageId]);
    const entry = this.#underWay.get(key) ?? { serial: createSerial(), count: 0 };
    this.#underWay.set(key, entry);
    entry.count += 1;
    try {
      await entry.serial(async () => {
        if (!open.react) throw new AlephError("invalid_params", "The place has no reactions");
        await open.react(conversation, messageId, emoji);
      });
    } finally {
      entry.count -= 1;
      if (entry.count === 0) this.#underWay.delete(key);
    }
  }
}
