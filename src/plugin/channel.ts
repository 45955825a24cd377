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
  type OpenChannel,
  type SentMessage,
} from "../sdk/channel.ts";
import type { ActivePlugin, PluginChannel } from "../sdk/plugin.ts";
import type {
  PluginChannelConnect,
  PluginChannelDisconnect,
  PluginChannelPressed,
  PluginChannelSend,
} from "../sdk/plugin-channel.ts";
import { incomingOf, readClosed, readMessage, readPressed } from "./channel-message.ts";

/** Characters of one message; a place with less is the plugin's to know, and to cut. */
export const MESSAGE_LIMIT = 100_000;

const DISCONNECT_MS = 5000;
/** Messages a second that people can write by hand. */
const RATE = 5;
const BURST = 20;

const options = z.looseObject(chatOptions);

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

  async connect(config: PluginChannelConnect["config"], chat: Chat, host: ChannelHost) {
    const { name, connectHandler: handler } = this.#channel;
    const bucket = createTokenBucket(RATE, undefined, BURST);
    // Before it is connected: what comes first must not be missed.
    this.#stack.use(
      this.#plugin.onNotify((topic, data) => {
        if (topic === "channel.closed") this.#closed(readClosed(name, data)?.message, data);
        if (topic === "channel.pressed") this.#pressed(readPressed(name, data), chat, bucket, host);
        if (topic !== "channel.message") return;
        const message = readMessage(name, data);
        if (message === undefined) return;
        if ("fault" in message) return host.log.warn("message of a plugin is not valid", { fault: message.fault });
        if (bucket.take() > 0) return host.log.warn("message dropped: too many of them", { sender: message.sender });
        const { conversation, sender } = message;
        // It cannot give it once more: who wrote is told.
        chat.receive(incomingOf(message)).catch((thrown: unknown) => {
          host.log.warn("message could not be taken", { sender, ...describeError(thrown) });
          const text = `I could not take this: ${AlephError.from(thrown).message}`;
          sendOver(this.#plugin, this.#channel, conversation, text).catch((failed: unknown) => {
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

  #pressed(pressed: PluginChannelPressed | undefined, chat: Chat, bucket: TokenBucket, { log }: ChannelHost): void {
    if (!pressed || bucket.take() > 0) return;
    const { conversation, sender, value } = pressed;
    chat
      .press({ conversation, sender: { id: sender }, value })
      .then(({ text }) => sendOver(this.#plugin, this.#channel, conversation, text))
      .catch((failed: unknown) => log.warn("answer could not be sent", describeError(failed)));
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

export function pluginChannel(plugin: ActivePlugin, channel: PluginChannel): AnyChannel {
  return defineChannel({
    id: channel.name,
    capabilities: {
      edit: false,
      react: false,
      typing: false,
      files: false,
      threads: false,
      buttons: channel.buttons,
    },
    limits: { message: MESSAGE_LIMIT },
    options,
    async open(_needs: object, table, host): Promise<OpenChannel> {
      const connection = new Connection(plugin, channel);
      const { policy, config } = partsOf(table);
      await connection.connect(config, await host.chat(policy), host);
      return {
        broken: connection.broken,
        send: (conversation, text, { buttons } = {}) => sendOver(plugin, channel, conversation, text, buttons),
        [Symbol.asyncDispose]: () => connection.disconnect(host.log),
      };
    },
  });
}

/** What is ours of the table, and what is the plugin's. */
function partsOf(table: z.output<typeof options>): { policy: ChatPolicy; config: PluginChannelConnect["config"] } {
  const { allow_from, dm_policy, dm_scope, groups, agent, guest_tools, stream, ...config } = table;
  return { policy: { allow_from, dm_policy, dm_scope, groups, agent, guest_tools, stream }, config };
}

/** What the plugin returns besides an id is not looked at: the message was taken. */
export async function sendOver(
  plugin: ActivePlugin,
  { name, sendHandler: handler }: PluginChannel,
  conversation: string,
  text: string,
  buttons?: PluginChannelSend["buttons"],
): Promise<SentMessage> {
  const args: PluginChannelSend = { channel: name, conversation, text, ...(buttons ? { buttons } : {}) };
  const sent = await plugin.call({ handler, args, signal: new AbortController().signal });
  const id = typeof sent === "object" && sent !== null && "id" in sent ? sent.id : "";
  return { id: typeof id === "string" ? id.slice(0, 512) : "" };
}
