/** One connection to a workspace: what people write goes to Aleph, and what it answers goes back. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { ChannelEdit, ChannelFile, ChannelMessage, ChannelPressed, ChannelSent } from "@aleph/plugin-sdk";
import type { WebClient } from "@slack/web-api";
import { Files } from "./files.ts";
import {
  type BlockActions,
  type MessageEvent,
  type Reader,
  readCommand,
  readMessage,
  readPress,
  type SlashCommand,
} from "./inbound.ts";
import { parsePlace } from "./place.ts";
import { Recent } from "./recent.ts";
import { Sender, type SendOptions } from "./sender.ts";
import type { Settings } from "./settings.ts";
import { type Envelope, Socket } from "./socket.ts";
import { Status } from "./status.ts";
import { Threads } from "./threads.ts";
import { createWeb, describeFailure, isLockedOut } from "./web.ts";

export interface BridgeOptions {
  readonly settings: Settings;
  /** The name of its table. */
  readonly account: string;
  readonly onMessage: (message: ChannelMessage) => void;
  readonly onPressed: (pressed: ChannelPressed) => void;
  readonly onBroken: (message: string) => void;
}

export class Bridge {
  readonly #onMessage: BridgeOptions["onMessage"];
  readonly #onPressed: BridgeOptions["onPressed"];
  readonly #onBroken: BridgeOptions["onBroken"];
  readonly #reader: Reader;
  readonly #threads: Threads;
  readonly #sender: Sender;
  readonly #files: Files;
  readonly #status: Status;
  readonly #socket: Socket;
  /** In a channel a mention is told twice: as a message and as a mention. */
  readonly #recent = new Recent();

  private constructor(options: BridgeOptions, parts: { botUser: string; threads: Threads; web: WebClient }) {
    const { settings, onMessage, onPressed, onBroken } = options;
    const { botUser, threads, web } = parts;
    this.#onMessage = onMessage;
    this.#onPressed = onPressed;
    this.#onBroken = onBroken;
    this.#threads = threads;
    this.#sender = new Sender(web, botUser);
    this.#status = new Status(web);
    this.#files = new Files(web, settings);
    this.#reader = { botUser, requireMention: settings.requireMention, isKnown: (thread) => threads.has(thread) };
    this.#socket = new Socket({ settings, onBroken, onEnvelope: (envelope) => this.#read(envelope) });
  }

  /** Resolves when messages come in and can be sent. */
  static async open(options: BridgeOptions, signal: AbortSignal): Promise<Bridge> {
    const web = createWeb(options.settings);
    const { user_id: botUser } = await web.auth.test().catch((thrown: unknown) => {
      throw describeFailure("Slack does not let the bot in", thrown);
    });
    if (botUser === undefined) throw new Error("Slack does not say which user the bot is");
    const { account } = options;
    const threads = await Threads.open(
      join(homedir(), account === "slack" ? "threads.json" : `threads-${account}.json`),
    );
    const bridge = new Bridge(options, { botUser, threads, web });
    const close = () => bridge.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      await bridge.#socket.open();
      signal.throwIfAborted();
      return bridge;
    } catch (thrown) {
      close();
      throw thrown;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  close(): void {
    this.#socket.close();
  }

  async send(conversation: string, text: string, options: SendOptions): Promise<ChannelSent> {
    const sent = await this.#watched(() => this.#sender.send(conversation, text, options));
    if (sent.id !== undefined && parsePlace(conversation).thread !== undefined) {
      this.#threads.add(conversation);
      this.#status.answered(conversation);
    }
    return sent;
  }

  edit(edit: Pick<ChannelEdit, "id" | "text" | "buttons">): Promise<ChannelSent> {
    return this.#watched(() => this.#sender.edit(edit));
  }

  react(id: string, emoji: string | null): Promise<ChannelSent> {
    return this.#watched(() => this.#sender.react(id, emoji));
  }

  typing(conversation: string): Promise<void> {
    return this.#status.show(conversation);
  }

  /** Resolves with why Slack will never take them. */
  async sendFiles(
    conversation: string,
    files: readonly ChannelFile[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const refused = await this.#watched(() => this.#files.send(parsePlace(conversation), files, signal));
    if (refused === undefined && parsePlace(conversation).thread !== undefined) this.#threads.add(conversation);
    return refused;
  }

  load(file: string, signal: AbortSignal): AsyncIterable<string> {
    return this.#files.load(file, signal);
  }

  #read({ type, body }: Envelope): void {
    if (type === "events_api") {
      const message = readMessage((body as { readonly event: MessageEvent }).event, this.#reader);
      if (message) this.#tell(message);
    } else if (type === "slash_commands") {
      const command = body as SlashCommand;
      const message = readCommand(command);
      if (!message) return;
      this.#sender.answerAt(message.conversation, command.response_url);
      this.#tell(message);
    } else if (type === "interactive") {
      const pressed = readPress(body as BlockActions, (id) => this.#sender.askedIn(id));
      if (pressed) this.#onPressed(pressed);
    }
  }

  /** Whoever has no valid token is not connected: what waits goes out once there is another one. */
  async #watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (thrown) {
      if (thrown instanceof Error && isLockedOut(thrown.cause)) this.#onBroken(thrown.message);
      throw thrown;
    }
  }

  #tell(message: ChannelMessage): void {
    if (message.id !== undefined && !this.#recent.add(message.id)) return;
    this.#status.heard(message.conversation);
    this.#onMessage(message);
  }
}
