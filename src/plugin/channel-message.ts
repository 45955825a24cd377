/** What a plugin says that somebody wrote, checked, and the session that it belongs to. */
import { buildSessionKey } from "../protocol/session-key.ts";
import type { PluginChannelClosed, PluginChannelMessage } from "../sdk/plugin-channel.ts";

const MAX_TEXT = 100_000;
const MAX_SENDER = 256;
const MAX_ID = 200;
/** Bytes: in base64 it still fits into a session key. */
const MAX_CONVERSATION = 90;
const AGENT = "main";

/** As a session key takes it as it is. */
const PLAIN = /^[A-Za-z0-9+-][A-Za-z0-9_.@+-]{0,89}$/;
const ENCODED = "b64.";

/** Of another channel of the plugin: nothing. Of another shape: what is wrong with it. */
export function readMessage(channel: string, data: unknown): PluginChannelMessage | { fault: string } | undefined {
  if (!isRecord(data)) return { fault: "is no object" };
  if (data.channel !== channel) return undefined;
  const { conversation, sender, text, kind, id } = data;
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
  return { channel, conversation, sender, text, ...(kind ? { kind } : {}), ...(id === undefined ? {} : { id }) };
}

/** Nothing for another channel. */
export function readClosed(channel: string, data: unknown): PluginChannelClosed | undefined {
  if (!isRecord(data) || data.channel !== channel) return undefined;
  const { message } = data;
  return typeof message === "string" ? { channel, message: message.slice(0, 300) } : { channel };
}

/** Each conversation has its own; what a key cannot hold is written in base64. */
export function sessionKeyOf({ channel, conversation, kind = "dm" }: PluginChannelMessage): string {
  const isPlain = PLAIN.test(conversation) && !conversation.startsWith(ENCODED);
  const name = isPlain ? conversation : ENCODED + Buffer.from(conversation).toString("base64url");
  return kind === "group"
    ? buildSessionKey({ form: "group", agent: AGENT, channel, group: name })
    : buildSessionKey({ form: "direct", agent: AGENT, channel, peer: name });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
