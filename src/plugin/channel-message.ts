/** What a plugin says that somebody wrote, checked. */
import { createId } from "../lib/id.ts";
import type { IncomingMessage } from "../sdk/channel.ts";
import type {
  PluginChannelClosed,
  PluginChannelIncomingFile,
  PluginChannelMessage,
  PluginChannelPressed,
} from "../sdk/plugin-channel.ts";

const MAX_TEXT = 100_000;
const MAX_SENDER = 256;
const MAX_ID = 200;
/** Of a message that the place took. */
export const MAX_MESSAGE_ID = 512;
const MAX_VALUE = 64;
const MAX_FILES = 20;
const MAX_FILE_ID = 1000;
/** Bytes. */
const MAX_CONVERSATION = 512;

/** Which of the plugin's channels, and which account of it. */
export interface ChannelAddress {
  readonly channel: string;
  /** Where it has several. */
  readonly account?: string;
}

/** Of another channel of the plugin, or another account: nothing. Of another shape: what is wrong with it. */
export function readMessage(
  address: ChannelAddress,
  data: unknown,
): PluginChannelMessage | { fault: string } | undefined {
  if (!isRecord(data)) return { fault: "is no object" };
  if (!isFor(address, data)) return undefined;
  const { conversation, sender, name, text, kind, id, addressed, files = [] } = data;
  if (!isText(conversation) || Buffer.byteLength(conversation) > MAX_CONVERSATION) {
    return { fault: `conversation must be a text of at most ${MAX_CONVERSATION} bytes` };
  }
  if (!isText(sender) || sender.length > MAX_SENDER) {
    return { fault: `sender must be a text of at most ${MAX_SENDER} characters` };
  }
  const incoming = readFiles(files);
  if (!incoming) return { fault: `files must be at most ${MAX_FILES}, each with an id and a name` };
  // A file may come by itself.
  if (typeof text !== "string" || text.length > MAX_TEXT || (text === "" && incoming.length === 0)) {
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
    ...address,
    conversation,
    sender,
    text,
    ...(name === undefined ? {} : { name }),
    ...(kind ? { kind } : {}),
    ...(id === undefined ? {} : { id }),
    ...(addressed === undefined ? {} : { addressed }),
    ...(incoming.length === 0 ? {} : { files: incoming }),
  };
}

function readFiles(files: unknown): PluginChannelIncomingFile[] | undefined {
  if (!Array.isArray(files) || files.length > MAX_FILES) return undefined;
  const read = files.map((file: unknown): PluginChannelIncomingFile | undefined => {
    if (!isRecord(file)) return undefined;
    const { id, name, type, size } = file;
    if (!isText(id) || id.length > MAX_FILE_ID || !isText(name) || name.length > MAX_SENDER) return undefined;
    if (type !== undefined && (!isText(type) || type.length > MAX_SENDER)) return undefined;
    if (size !== undefined && (typeof size !== "number" || !(size >= 0))) return undefined;
    return { id, name, ...(type === undefined ? {} : { type }), ...(size === undefined ? {} : { size }) };
  });
  return read.some((file) => file === undefined) ? undefined : (read as PluginChannelIncomingFile[]);
}

/** Nothing for another channel, and for what is none. */
export function readPressed(address: ChannelAddress, data: unknown): PluginChannelPressed | undefined {
  if (!isRecord(data) || !isFor(address, data)) return undefined;
  const { conversation, sender, value, id, text } = data;
  if (!isText(conversation) || Buffer.byteLength(conversation) > MAX_CONVERSATION) return undefined;
  if (!isText(sender) || sender.length > MAX_SENDER || !isText(value) || value.length > MAX_VALUE) return undefined;
  const isNamed = isText(id) && id.length <= MAX_MESSAGE_ID && isText(text) && text.length <= MAX_TEXT;
  return { ...address, conversation, sender, value, ...(isNamed ? { id, text } : {}) };
}

/** Nothing for another channel. */
export function readClosed(address: ChannelAddress, data: unknown): PluginChannelClosed | undefined {
  if (!isRecord(data) || !isFor(address, data)) return undefined;
  const { message } = data;
  return typeof message === "string" ? { ...address, message: message.slice(0, 300) } : address;
}

/** As a chat takes it. What has no id of the place's own is nothing that comes twice. */
export function incomingOf(
  { conversation, sender, name, text, kind, id, addressed = true, files = [] }: PluginChannelMessage,
  load: (file: string, signal: AbortSignal) => Promise<Uint8Array>,
): IncomingMessage {
  return {
    id: id ?? createId("message"),
    conversation,
    sender: { id: sender, ...(name === undefined ? {} : { name }) },
    text,
    ...(kind === "group" ? { group: { id: conversation, addressed } } : {}),
    ...(files.length === 0
      ? {}
      : { files: files.map(({ id: file, ...about }) => ({ ...about, load: (signal) => load(file, signal) })) }),
  };
}

/** One without accounts need not name any. */
function isFor({ channel, account }: ChannelAddress, data: Readonly<Record<string, unknown>>): boolean {
  return data.channel === channel && (account === undefined || data.account === account);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
