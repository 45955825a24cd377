/** What becomes of what people write in chats; loaded when the first channel needs it. */
import type { Runner } from "./agent/runner.ts";
import type { Chats } from "./channel/chats.ts";
import type { Interfaces } from "./channel/interfaces.ts";
import { Peers } from "./channel/peers.ts";
import type { Poster } from "./cron/delivery.ts";
import type { Log } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { pause } from "./lib/pause.ts";
import type { Media } from "./media/media.ts";
import type { Approvals } from "./policy/approvals.ts";
import type { Bus } from "./sdk/bus.ts";
import type { Runs } from "./session/runs.ts";
import type { Stores } from "./session/stores.ts";

export interface ChatPartsOptions {
  readonly stores: Stores;
  readonly runner: Runner;
  readonly runs: Runs;
  readonly approvals: Approvals;
  readonly media: Media;
  /** They ask for the chats, and the chats for them. */
  readonly interfaces: () => Interfaces;
  readonly bus: Bus;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonic: () => number;
}

/** Disposed when no interface is open any more. */
export class ChatParts implements AsyncDisposable {
  readonly #o: ChatPartsOptions;
  readonly peers: Peers;
  #chats: Chats | undefined;

  constructor(options: ChatPartsOptions) {
    this.#o = options;
    this.peers = new Peers({ store: options.stores.durable, now: options.now });
  }

  readonly chats: () => Promise<Chats> = once(async () => {
    const { interfaces, ...parts } = this.#o;
    const { Chats } = await import("./channel/chats.ts");
    this.#chats = new Chats({
      ...parts,
      peers: this.peers,
      channelOf: (channel) => interfaces().channel(channel),
      channelParts: (channel) => interfaces().parts(channel),
      wait: pause,
    });
    return this.#chats;
  });

  /** For what goes out without being an answer. Throws `not_found` for an interface that there is not. */
  async poster(channel: string): Promise<Poster> {
    const [{ limits }, chats, { insertOutgoing }, { splitText }] = await Promise.all([
      this.#o.interfaces().parts(channel),
      this.chats(),
      import("./channel/outbox.ts"),
      import("./channel/split-text.ts"),
    ]);
    return {
      put: (db, conversation, text) => {
        for (const piece of splitText(text, limits.message)) {
          insertOutgoing(db, { channel, conversation, text: piece }, this.#o.now());
        }
      },
      kick: () => chats.kick(channel),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chats?.[Symbol.asyncDispose]();
  }
}
