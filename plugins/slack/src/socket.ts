/** Socket Mode: what Slack tells comes over a WebSocket, is acknowledged at once, and handed on once. */
import { SocketModeClient } from "@slack/socket-mode";
import { Recent } from "./recent.ts";
import type { Settings } from "./settings.ts";
import { describeFailure, quietLogger, webOptions } from "./web.ts";

export interface Envelope {
  readonly type: string;
  readonly body: unknown;
}

export interface SocketOptions {
  readonly settings: Settings;
  readonly onEnvelope: (envelope: Envelope) => void;
  /** Called once, when there is no connection and the first attempt at another one failed. */
  readonly onBroken: (message: string) => void;
}

interface Event extends Envelope {
  readonly envelope_id: string;
  readonly ack: (response?: Record<string, unknown>) => Promise<void>;
}

/** From the ticket to the greeting. */
const OPENING_MS = 20_000;
/** Slack renews connections now and then; one that it renews more often is given up, so that Aleph waits longer and longer. */
const RENEWALS = 5;
const RENEWALS_MS = 60_000;

export class Socket {
  readonly #o: SocketOptions;
  readonly #recent = new Recent();
  readonly #renewals: number[] = [];
  #client: SocketModeClient | undefined;
  #isClosed = false;

  constructor(options: SocketOptions) {
    this.#o = options;
  }

  /** Resolves when Slack has greeted. */
  async open(): Promise<void> {
    const client = this.#createClient();
    this.#client = client;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Slack did not greet within ${OPENING_MS / 1000} s`)), OPENING_MS);
    });
    try {
      await Promise.race([client.start(), late]);
    } catch (thrown) {
      this.#leave(client);
      throw describeFailure("Socket Mode cannot be opened", thrown ?? new Error("the connection broke"));
    } finally {
      clearTimeout(timer);
    }
    // It may have been closed meanwhile.
    if (this.#isClosed) this.#leave(client);
    else client.on("disconnected", () => void this.#renew(client));
  }

  close(): void {
    this.#isClosed = true;
    if (this.#client) this.#leave(this.#client);
  }

  #createClient(): SocketModeClient {
    const { settings, onEnvelope } = this.#o;
    const client = new SocketModeClient({
      appToken: settings.appToken,
      // Its own would begin anew for ever, and end the process when a ticket cannot be had.
      autoReconnectEnabled: false,
      logger: quietLogger,
      clientOptions: webOptions(settings),
    });
    client.on("slack_event", ({ type, body, envelope_id, ack }: Event) => {
      // At once: Slack sends again what is not acknowledged within 3 seconds.
      ack().catch((thrown: unknown) => console.warn("An envelope could not be acknowledged:", thrown));
      if (!this.#isClosed && this.#recent.add(envelope_id)) onEnvelope({ type, body });
    });
    return client;
  }

  async #renew(old: SocketModeClient): Promise<void> {
    if (this.#isClosed || this.#client !== old) return;
    const now = Date.now();
    this.#renewals.push(now);
    while (this.#renewals[0]! < now - RENEWALS_MS) this.#renewals.shift();
    try {
      if (this.#renewals.length > RENEWALS) throw new Error("Slack ends each connection soon");
      await this.open();
    } catch (thrown) {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#o.onBroken(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #leave(client: SocketModeClient): void {
    if (this.#client === client) this.#client = undefined;
    client.disconnect().catch((thrown: unknown) => console.warn("The connection was not closed in order:", thrown));
  }
}
