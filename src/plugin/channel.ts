/** A plugin's channel as one of ours. Loads zod. */
import * as z from "zod";
import { chatOptions } from "../channel/chat-options.ts";
import { describeError } from "../lib/log.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import {
  type AnyChannel,
  type ChannelHost,
  type Chat,
  type ChatPolicy,
  defineChannel,
  type MessageExtras,
  type OpenChannel,
  type OutgoingFile,
  type SentMessage,
} from "../sdk/channel.ts";
import type { ActivePlugin, PluginChannel } from "../sdk/plugin.ts";
import type {
  PluginChannelConnect,
  PluginChannelDisconnect,
  PluginChannelEdit,
  PluginChannelFile,
  PluginChannelLoad,
  PluginChannelPressed,
  PluginChannelReact,
  PluginChannelSend,
  PluginChannelTyping,
} from "../sdk/plugin-channel.ts";
import {
  type ChannelAddress,
  incomingOf,
  MAX_MESSAGE_ID,
  readClosed,
  readMessage,
  readPressed,
} from "./channel-message.ts";

/** Characters of one message; a place with less is the plugin's to know, and to cut. */
export const MESSAGE_LIMIT = 100_000;

const DISCONNECT_MS = 5000;
/** As much as a chat takes of one file. */
const MAX_LOADED = 20_000_000;
/** In base64 it fits into what may wait for a plugin. */
const MAX_SENT = 16_000_000;
/** For the bytes of files to get there; for the next piece of one. */
const SEND_FILES_MS = 120_000;
const PIECE_MS = 30_000;
/** A plugin that means seconds must not hold a conversation up for ever. */
const LONGEST_WAIT_MS = 3_600_000;
/** Messages a second that people can write by hand. */
const RATE = 5;
const BURST = 20;

const options = z.looseObject(chatOptions);

/** One opening of it. */
class Connection {
  readonly #plugin: ActivePlugin;
  readonly #channel: PluginChannel;
  readonly #address: ChannelAddress;
  readonly #broken = Promise.withResolvers<AlephError>();
  readonly #stack = new DisposableStack();
  #isGone = false;

  constructor(plugin: ActivePlugin, channel: PluginChannel, account: string) {
    this.#plugin = plugin;
    this.#channel = channel;
    this.#address = { channel: channel.name, ...(channel.accounts ? { account } : {}) };
  }

  get broken(): Promise<AlephError> {
    return this.#broken.promise;
  }

  async connect(config: PluginChannelConnect["config"], chat: Chat, host: ChannelHost) {
    const { connectHandler: handler } = this.#channel;
    const address = this.#address;
    const bucket = createTokenBucket(RATE, undefined, BURST);
    // Before it is connected: what comes first must not be missed.
    this.#stack.use(
      this.#plugin.onNotify((topic, data) => {
        if (topic === "channel.closed") this.#closed(readClosed(address, data)?.message, data);
        if (topic === "channel.pressed") this.#pressed(readPressed(address, data), chat, bucket, host);
        if (topic !== "channel.message") return;
        const message = readMessage(address, data);
        if (message === undefined) return;
        if ("fault" in message) return host.log.warn("message of a plugin is not valid", { fault: message.fault });
        if (bucket.take() > 0) return host.log.warn("message dropped: too many of them", { sender: message.sender });
        const { conversation, sender } = message;
        // It cannot give it once more: who wrote is told.
        const load = (file: string, signal: AbortSignal) => this.#load(file, signal);
        chat.receive(incomingOf(message, load)).catch((thrown: unknown) => {
          host.log.warn("message could not be taken", { sender, ...describeError(thrown) });
          const text = `I could not take this: ${AlephError.from(thrown).message}`;
          this.send(conversation, text).catch((failed: unknown) => {
            host.log.warn("answer could not be sent", describeError(failed));
          });
        });
      }),
    );
    this.#stack.use(
      this.#plugin.onExit((reason) => {
        this.#isGone = true;
        this.#broken.resolve(this.#failure(`the plugin ended: ${reason}`));
      }),
    );
    const args: PluginChannelConnect = { ...address, config };
    try {
      await this.#plugin.call({ handler, args, signal: host.signal });
      // A process that ended while it was connecting is no longer what this connection is.
      if (this.#isGone) throw await this.#broken.promise;
    } catch (thrown) {
      const { reason } = AlephError.from(thrown);
      // Whoever was not waited for may get there all the same.
      if (reason === "cancelled" || reason === "timeout") await this.disconnect(host.log);
      this.#stack.dispose();
      throw thrown;
    }
  }

  /** Never rejects. */
  async disconnect(log: ChannelHost["log"]): Promise<void> {
    this.#stack.dispose();
    if (this.#isGone) return;
    const { disconnectHandler: handler } = this.#channel;
    const args: PluginChannelDisconnect = this.#address;
    try {
      await this.#plugin.call({ handler, args, signal: new AbortController().signal, timeoutMs: DISCONNECT_MS });
    } catch (thrown) {
      log.warn("channel could not be disconnected in order", describeError(thrown));
    }
  }

  /** What the plugin returns besides an id or a refusal is not looked at: the message was taken. */
  async send(conversation: string, text: string, { buttons, files, grows }: MessageExtras = {}): Promise<SentMessage> {
    const args: PluginChannelSend = {
      ...this.#address,
      conversation,
      text,
      ...(buttons ? { buttons } : {}),
      ...(files ? { files: await readAll(files) } : {}),
      ...(grows ? { grows } : {}),
    };
    const { sendHandler: handler } = this.#channel;
    const limit = files ? { timeoutMs: SEND_FILES_MS } : {};
    return sentOf(await this.#plugin.call({ handler, args, signal: new AbortController().signal, ...limit }));
  }

  async edit(handler: string, edit: Omit<PluginChannelEdit, keyof ChannelAddress>): Promise<void> {
    const args: PluginChannelEdit = { ...this.#address, ...edit };
    sentOf(await this.#plugin.call({ handler, args, signal: new AbortController().signal }));
  }

  async typing(handler: string, conversation: string): Promise<void> {
    const args: PluginChannelTyping = { ...this.#address, conversation };
    await this.#plugin.call({ handler, args, signal: new AbortController().signal });
  }

  async react(handler: string, reaction: Omit<PluginChannelReact, keyof ChannelAddress>): Promise<void> {
    const args: PluginChannelReact = { ...this.#address, ...reaction };
    sentOf(await this.#plugin.call({ handler, args, signal: new AbortController().signal }));
  }

  async #load(file: string, signal: AbortSignal): Promise<Uint8Array> {
    const { loadHandler: handler } = this.#channel;
    if (handler === undefined) throw new AlephError("plugin_error", "The plugin gives no files");
    const args: PluginChannelLoad = { ...this.#address, file };
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.#plugin.stream({ handler, args, signal, timeoutMs: PIECE_MS })) {
      if (typeof piece !== "string") throw new AlephError("plugin_error", "The plugin gives a file that is no text");
      const bytes = Buffer.from(piece, "base64");
      size += bytes.length;
      if (size > MAX_LOADED) throw new AlephError("payload_too_large", `larger than ${MAX_LOADED / 1e6} MB`);
      pieces.push(bytes);
    }
    return Buffer.concat(pieces);
  }

  #pressed(pressed: PluginChannelPressed | undefined, chat: Chat, bucket: TokenBucket, { log }: ChannelHost): void {
    if (!pressed || bucket.take() > 0) return;
    const { conversation, sender, value, id, text: said } = pressed;
    const { editHandler } = this.#channel;
    chat
      .press({ conversation, sender: { id: sender }, value })
      .then(async ({ text, settled }) => {
        if (!settled || !editHandler || id === undefined) return void (await this.send(conversation, text));
        await this.edit(editHandler, { conversation, id, text: `${said}\n\n${text}` }).catch((thrown: unknown) => {
          log.debug("press could not be shown", describeError(thrown));
          return this.send(conversation, text);
        });
      })
      .catch((failed: unknown) => log.warn("answer could not be sent", describeError(failed)));
  }

  #closed(message: string | undefined, data: unknown): void {
    if (readClosed(this.#address, data)) this.#broken.resolve(this.#failure(message ?? "the connection broke"));
  }

  #failure(why: string): AlephError {
    return new AlephError("plugin_error", `Channel "${this.#channel.name}" is closed: ${why}`, {
      data: { plugin: this.#plugin.manifest.id },
    });
  }
}

export function pluginChannel(plugin: ActivePlugin, channel: PluginChannel): AnyChannel {
  return defineChannel({
    id: channel.name,
    capabilities: {
      edit: channel.editHandler !== undefined,
      react: channel.reactHandler !== undefined,
      typing: channel.typingHandler !== undefined,
      files: channel.files === true,
      threads: false,
      buttons: channel.buttons,
    },
    limits: {
      message: channel.messageLimit ?? MESSAGE_LIMIT,
      ...(channel.editMs === undefined ? {} : { edit_ms: channel.editMs }),
    },
    options,
    async open(_needs: object, table, host): Promise<OpenChannel> {
      if (host.id !== channel.name && !channel.accounts) {
        throw new AlephError("config_invalid", `Channel "${channel.name}" has one account alone`, {
          data: { hint: `Use the table [interfaces.${channel.name}]` },
        });
      }
      const connection = new Connection(plugin, channel, host.id);
      const { policy, config } = partsOf(table);
      await connection.connect(config, await host.chat(policy), host);
      const { editHandler, typingHandler, reactHandler } = channel;
      return {
        broken: connection.broken,
        send: (conversation, text, extras) => connection.send(conversation, text, extras),
        ...(editHandler === undefined
          ? {}
          : {
              edit: (conversation, id, text, { buttons } = {}) =>
                connection.edit(editHandler, { conversation, id, text, ...(buttons ? { buttons } : {}) }),
            }),
        ...(typingHandler === undefined
          ? {}
          : { typing: (conversation) => connection.typing(typingHandler, conversation) }),
        ...(reactHandler === undefined
          ? {}
          : { react: (conversation, id, emoji) => connection.react(reactHandler, { conversation, id, emoji }) }),
        [Symbol.asyncDispose]: () => connection.disconnect(host.log),
      };
    },
  });
}

/** What is ours of the table, and what is the plugin's. */
function partsOf(table: z.output<typeof options>): { policy: ChatPolicy; config: PluginChannelConnect["config"] } {
  const { allow_from, dm_policy, dm_scope, groups, agent, guest_tools, stream, ack_reaction, ...config } = table;
  return { policy: { allow_from, dm_policy, dm_scope, groups, agent, guest_tools, stream, ack_reaction }, config };
}

/** Throws what the plugin says of the place. */
function sentOf(answer: unknown): SentMessage {
  const sent = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
  const { id, refused, gone, retry_after_ms } = sent;
  if (gone === true) throw new AlephError("not_found", "The message is there no more");
  if (typeof refused === "string") throw new AlephError("invalid_params", refused.slice(0, 300));
  if (typeof retry_after_ms === "number" && retry_after_ms >= 0) {
    const data = { retry_after_ms: Math.min(retry_after_ms, LONGEST_WAIT_MS) };
    throw new AlephError("rate_limited", "The place asks to wait", { data });
  }
  return { id: typeof id === "string" ? id.slice(0, MAX_MESSAGE_ID) : "" };
}

async function readAll(files: readonly OutgoingFile[]): Promise<PluginChannelFile[]> {
  const read: PluginChannelFile[] = [];
  let size = 0;
  for (const { name, type, load } of files) {
    const bytes = await load();
    size += bytes.byteLength;
    if (size > MAX_SENT)
      throw new AlephError("payload_too_large", `Files of more than ${MAX_SENT / 1e6} MB are not sent`);
    read.push({ name, type, data: Buffer.from(bytes).toString("base64") });
  }
  return read;
}
