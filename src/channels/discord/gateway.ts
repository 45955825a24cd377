/** The bot's connection to Discord's gateway: resumed when it breaks, given up when that does not help. */

import type { REST } from "@discordjs/rest";
import { WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import type { GatewayDispatchPayload } from "discord-api-types/v10";
import { describeError, type Log } from "../../lib/log.ts";
import { pause } from "../../lib/pause.ts";
import { createTokenBucket } from "../../lib/token-bucket.ts";
import { unlessAborted } from "../../lib/unless-aborted.ts";
import { AlephError } from "../../protocol/errors.ts";
import { discordError, finalClose } from "./failures.ts";
import type { KeptSession } from "./sessions.ts";

export interface GatewayOptions {
  readonly rest: REST;
  readonly token: string;
  readonly application: string;
  readonly session: KeptSession;
  /** Resolves when the event is on disk or needs not be; it is given again after it rejected. */
  readonly take: (event: GatewayDispatchPayload) => Promise<void>;
  readonly log: Log;
}

/** Messages of servers and of private chats, and what they say; threads and channels are asked for when they are met. */
const INTENTS = (1 << 9) | (1 << 12) | (1 << 15);
/** The client connects again at once and for ever: beyond so many times, with one more each minute, whoever opened it waits. */
const CLOSES = 5;
/** Any but 1000 and 1001, which end the session for Discord as well. */
const TO_BE_RESUMED = 4200;
const CLOSE_MS = 3000;
const HELLO_MS = 20_000;

export class Gateway implements AsyncDisposable {
  readonly #o: GatewayOptions;
  readonly #manager: WebSocketManager;
  readonly #broken = Promise.withResolvers<AlephError>();
  readonly #closes = createTokenBucket(1 / 60, undefined, CLOSES);
  readonly #over = new AbortController();

  constructor(options: GatewayOptions) {
    const { rest, token, session } = options;
    this.#o = options;
    this.#manager = new WebSocketManager({
      rest,
      token,
      intents: INTENTS,
      shardCount: 1,
      helloTimeout: HELLO_MS,
      identifyProperties: { browser: "aleph", device: "aleph", os: process.platform },
      // Asked before each attempt: the client makes one more after it was told to stop, and this holds it up for ever.
      retrieveSessionInfo: () => (this.#isOver ? new Promise<never>(() => undefined) : session.current),
      updateSessionInfo: (_, next) => {
        if (this.#isOver) return;
        // An address that cannot be used throws where nobody catches it.
        session.update(next && this.#isGateway(next.resumeURL) ? next : null);
      },
    });
  }

  /** Resolves when it is given up. */
  get broken(): Promise<AlephError> {
    return this.#broken.promise;
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Resolves when events come. */
  async connect(signal: AbortSignal): Promise<void> {
    const { application, log } = this.#o;
    this.#manager.on(WebSocketShardEvents.Dispatch, ({ data }) => this.#take(data));
    this.#manager.on(WebSocketShardEvents.Error, ({ error }) => log.debug("gateway error", describeError(error)));
    this.#manager.on(WebSocketShardEvents.Closed, ({ code }) => {
      if (this.#isOver) return;
      log.info("connection to Discord closed", { code });
      const final = finalClose(code, application);
      if (final) this.#giveUp(final);
      else if (this.#closes.take() > 0) {
        this.#giveUp(new AlephError("overloaded", `Discord's gateway closes the connection again and again (${code})`));
      }
    });
    const failed = this.broken.then((error) => Promise.reject(error));
    const stopped = () => new AlephError("cancelled", "Interface is stopping");
    await unlessAborted(Promise.race([this.#connect(), failed]), signal, stopped);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    const late = new AbortController();
    const closed = Promise.resolve(this.#manager.destroy({ code: TO_BE_RESUMED, reason: "Stopping" }));
    await Promise.race([closed.finally(() => late.abort()), pause(CLOSE_MS, late.signal)]);
    this.#o.session.save();
  }

  async #connect(): Promise<void> {
    try {
      const { url } = await this.#manager.fetchGatewayInformation();
      if (!this.#isGateway(url)) throw new AlephError("internal", `"${url}" is no address of a gateway`);
      await this.#manager.connect();
    } catch (thrown) {
      throw this.#isOver ? await this.broken : discordError(thrown);
    }
  }

  /** The token goes there: never less protected than to the API. */
  #isGateway(url: string): boolean {
    const { protocol } = URL.parse(url) ?? {};
    return protocol === "wss:" || (protocol === "ws:" && this.#o.rest.options.api.startsWith("http:"));
  }

  #take(event: GatewayDispatchPayload): void {
    if (this.#isOver) return;
    const { session, take } = this.#o;
    const end = session.begin(event.s);
    // What could not be taken stays open, and is given again when the session is resumed.
    take(event).then(end, (thrown: unknown) => this.#giveUp(AlephError.from(thrown)));
  }

  #giveUp(error: AlephError): void {
    this.#over.abort();
    this.#broken.resolve(error);
  }
}
