/** What a plugin says that somebody wrote, checked. */
import { createId } from "../lib/id.ts";
import type { IncomingMessage } from "../sdk/channel.ts";
import type { PluginChannelClosed, PluginChannelMessage, PluginChannelPressed } from "../sdk/plugin-channel.ts";

const MAX_TEXT = 100_000;
const MAX_SENDER = 256;
const MAX_ID = 200;
const MAX_VALUE = 64;
/** Bytes. */
const MAX_CONVERSATION = 512;

/** Of another channel of the plugin: nothing. Of another shape: what is wrong with it. */
export function readMessage(channel: string, data: unknown): PluginChannelMessage | { fault: string } | undefined {
  if (!isRecord(data)) return { fault: "is no object" };
  if (data.channel !== channel) return undefined;
  const { conversation, sender, name, text, kind, id, addressed } = data;
  if (!isText(conversation) || Buffer.byteLength(conversation) > MAX_CONVERSATION) {
    return { fault: `conversation must be a text of at most ${MAX_CONVERSATION} bytes` };
  }
  if (!isText(sender) || sender.length > MAX_SENDER) {
    return { fault: `sender must be a text of at most ${MAX_SENDER} characters` };
  }
  if (!isText(text) || text.length > MAX_TEXT) {
    return { fault: `text must be a text of at most ${MAX_TEXT} characters` };
  }
  if (kind !== undefined && kind !== "dm" && kind !== "group") return { fault: 'kind must be "dm" or "group"' };
  if (id !== undefined && (!isText(id) || id.length > MAX_ID)) {
    return { fault: `id must be a text of at most ${MAX_ID} characters` };
  }
  if (name !== undefined && (!isText(name) || name.length > MAX_SENDER)) {
    return { fault: `name must be a text of at most ${MAX_SENDER} characters` };
  }
  if (addressed !== undefined && typeof addressed !== "boolean") return { fault: "addressed must be true or false" };
  return {
    channel,
    conversation,
    sender,
    text,
    ...(name === undefined ? {} : { name }),
    ...(kind ? { kind } : {}),
    ...(id === undefined ? {} : { id }),
    ...(addressed === undefined ? {} : { addressed }),
  };
}

/** Nothing for another channel, and for what is none. */
export function readPressed(channel: string, data: unknown): PluginChannelPressed | undefined {
  if (!isRecord(data) || data.channel !== channel) return undefined;
  const { conversation, sender, value } = data;
  if (!isText(conversation) || Buffer.byteLength(conversation) > MAX_CONVERSATION) return undefined;
  if (!isText(sender) || sender.length > MAX_SENDER || !isText(value) || value.length > MAX_VALUE) return undefined;
  return { channel, conversation, sender, value };
}

/** Nothing for another channel. */
export function readClosed(channel: string, data: unknown): PluginChannelClosed | undefined {
  if (!isRecord(data) || data.channel !== channel) return undefined;
  const { message } = data;
  return typeof message === "string" ? { channel, message: message.slice(0, 300) } : { channel };
}

/** As a chat takes it. What has no id of the place's own is nothing that comes twice. */
export function incomingOf({
  conversation,
  sender,
  name,
  text,
  kind,
  id,
  addressed = true,
}: PluginChannelMessage): IncomingMessage {
  return {
    id: id ?? createId("message"),
    conversation,
    sender: { id: sender, ...(name === undefined ? {} : { name }) },
    text,
    ...(kind === "group" ? { group: { id: conversation, addressed } } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
