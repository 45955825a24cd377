/** A plugin's channel as one of ours. Loads zod. */
import * as z from "zod";
import { describeError } from "../lib/log.ts";
import { createTokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import {
  type AnyChannel,
  type ChannelHost,
  defineChannel,
  type OpenChannel,
  type SentMessage,
} from "../sdk/channel.ts";
import type { ActivePlugin, PluginChannel } from "../sdk/plugin.ts";
import type { PluginChannelConnect, PluginChannelDisconnect, PluginChannelSend } from "../sdk/plugin-channel.ts";
import { readClosed, readMessage, sessionKeyOf } from "./channel-message.ts";
import type { Replies } from "./channel-replies.ts";

/** Characters of one message; a place with less is the plugin's to know, and to cut. */
export const MESSAGE_LIMIT = 100_000;

const DISCONNECT_MS = 5000;
/** Messages a second that people can write by hand. */
const RATE = 5;
const BURST = 20;

const options = z.looseObject({
  allow_from: z
    .array(z.string().min(1))
    .default([])
    .describe("who may write, with the rights of the owner: ids as the place names them, letter by letter"),
});

/** One opening of it. */
class Connection {
  readonly #plugin: ActivePlugin;
  readonly #channel: PluginChannel;
  readonly #broken = Promise.withResolvers<AlephError>();
  readonly #stack = new DisposableStack();
  #isGone = false;

  constructor(plugin: ActivePlugin, channel: PluginChannel) {
    this.#plugin = plugin;
    this.#channel = channel;
  }

  get broken(): Promise<AlephError> {
    return this.#broken.promise;
  }

  async connect(
    config: PluginChannelConnect["config"],
    allowed: readonly string[],
    replies: Replies,
    host: ChannelHost,
  ) {
    const { name, connectHandler: handler } = this.#channel;
    const bucket = createTokenBucket(RATE, undefined, BURST);
    // Before it is connected: what comes first must not be missed.
    this.#stack.use(
      this.#plugin.onNotify((topic, data) => {
        if (topic === "channel.closed") this.#closed(readClosed(name, data)?.message, data);
        if (topic !== "channel.message") return;
        const message = readMessage(name, data);
        if (message === undefined) return;
        if ("fault" in message) return host.log.warn("message of a plugin is not valid", { fault: message.fault });
        if (!allowed.includes(message.sender)) return host.refused(message.sender);
        if (bucket.take() > 0) return host.log.warn("message dropped: too many of them", { sender: message.sender });
        const { text, id, conversation } = message;
        const inbound = { sessionKey: sessionKeyOf(message), text, ...(id === undefined ? {} : { id }) };
        void replies.receive(inbound, conversation, host.receive);
      }),
    );
    this.#stack.use(
      this.#plugin.onExit((reason) => {
        this.#isGone = true;
        this.#broken.resolve(this.#failure(`the plugin ended: ${reason}`));
      }),
    );
    const args: PluginChannelConnect = { channel: name, config };
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
    const { name, disconnectHandler: handler } = this.#channel;
    const args: PluginChannelDisconnect = { channel: name };
    try {
      await this.#plugin.call({ handler, args, signal: new AbortController().signal, timeoutMs: DISCONNECT_MS });
    } catch (thrown) {
      log.warn("channel could not be disconnected in order", describeError(thrown));
    }
  }

  #closed(message: string | undefined, data: unknown): void {
    if (readClosed(this.#channel.name, data)) this.#broken.resolve(this.#failure(message ?? "the connection broke"));
  }

  #failure(why: string): AlephError {
    return new AlephError("plugin_error", `Channel "${this.#channel.name}" is closed: ${why}`, {
      data: { plugin: this.#plugin.manifest.id },
    });
  }
}

export function pluginChannel(plugin: ActivePlugin, channel: PluginChannel, replies: Replies): AnyChannel {
  return defineChannel({
    id: channel.name,
    capabilities: { edit: false, react: false, typing: false, files: false, threads: false, buttons: false },
    limits: { message: MESSAGE_LIMIT },
    options,
    async open(_needs: object, { allow_from, ...config }, host): Promise<OpenChannel> {
      const connection = new Connection(plugin, channel);
      await connection.connect(config, allow_from, replies, host);
      return {
        broken: connection.broken,
        send: (conversation, text) => sendOver(plugin, channel, conversation, text),
        [Symbol.asyncDispose]: () => connection.disconnect(host.log),
      };
    },
  });
}

/** What the plugin returns besides an id is not looked at: the message was taken. */
export async function sendOver(
  plugin: ActivePlugin,
  { name, sendHandler: handler }: PluginChannel,
  conversation: string,
  text: string,
): Promise<SentMessage> {
  const args: PluginChannelSend = { channel: name, conversation, text };
  const sent = await plugin.call({ handler, args, signal: new AbortController().signal });
  const id = typeof sent === "object" && sent !== null && "id" in sent ? sent.id : "";
  return { id: typeof id === "string" ? id.slice(0, 512) : "" };
}
