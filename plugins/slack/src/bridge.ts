/** One connection to a workspace: what people write goes to Aleph, and what it answers goes back. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { ChannelFile, ChannelMessage, ChannelPressed } from "@aleph/plugin-sdk";
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
import { Threads } from "./threads.ts";
import { createWeb, describeFailure } from "./web.ts";

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
  readonly #reader: Reader;
  readonly #threads: Threads;
  readonly #sender: Sender;
  readonly #files: Files;
  readonly #socket: Socket;
  /** In a channel a mention is told twice: as a message and as a mention. */
  readonly #recent = new Recent();

  private constructor(options: BridgeOptions, parts: { botUser: string; threads: Threads; web: WebClient }) {
    const { settings, onMessage, onPressed, onBroken } = options;
    const { botUser, threads, web } = parts;
    this.#onMessage = onMessage;
    this.#onPressed = onPressed;
    this.#threads = threads;
    this.#sender = new Sender(web);
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

  async send(conversation: string, text: string, options: SendOptions): Promise<string> {
    const id = await this.#sender.send(conversation, text, options);
    if (parsePlace(conversation).thread !== undefined) this.#threads.add(conversation);
    return id;
  }

  /** Resolves with why Slack will never take them. */
  async sendFiles(
    conversation: string,
    files: readonly ChannelFile[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const refused = await this.#files.send(parsePlace(conversation), files, signal);
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
      const pressed = readPress(body as BlockActions);
      if (pressed) this.#onPressed(pressed);
    }
  }

  #tell(message: ChannelMessage): void {
    if (message.id === undefined || this.#recent.add(message.id)) this.#onMessage(message);
  }
}
