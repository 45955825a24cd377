/** What a message of Discord says, and where. */
import type { APIAttachment, APIChannel, APIUser, GatewayMessageCreateDispatchData } from "discord-api-types/v10";
import type { IncomingFile, IncomingMessage } from "../../sdk/channel.ts";

export interface InboundNeeds {
  /** The bot. */
  readonly me: Pick<APIUser, "id">;
  readonly groupOf: (channel: string) => Promise<GroupPlace>;
  /** The bytes of an attachment, by its address. */
  readonly download: (url: string, signal: AbortSignal) => Promise<Uint8Array>;
}

/** A channel of a server, or a thread in one. */
export interface GroupPlace {
  readonly id: string;
  readonly name?: string;
  readonly thread?: string;
}

/** What people write: a message, or an answer to one; the others are Discord's own, such as that somebody joined. */
const WRITTEN: readonly number[] = [0, 19];
const THREADS: readonly number[] = [10, 11, 12];

/** Nothing for what nobody wrote, or another bot. */
export async function readMessage(
  message: GatewayMessageCreateDispatchData,
  { me, groupOf, download }: InboundNeeds,
): Promise<IncomingMessage | undefined> {
  const { id, author, content, channel_id, guild_id, member, mentions, referenced_message, attachments } = message;
  if (author.bot || author.system || message.webhook_id !== undefined || !WRITTEN.includes(message.type)) {
    return undefined;
  }
  const text = withNames(content, mentions, me.id);
  const files = attachments.map((attachment) => fileOf(attachment, download));
  const addressed = mentions.some((each) => each.id === me.id) || referenced_message?.author.id === me.id;
  // Somebody who only calls the bot says nothing that could be answered.
  if (text === "" && files.length === 0) return undefined;
  return {
    id,
    conversation: channel_id,
    sender: { id: author.id, name: member?.nick ?? nameOf(author) },
    text,
    ...(files.length > 0 ? { files } : {}),
    ...(guild_id === undefined ? {} : { group: { ...(await groupOf(channel_id)), addressed } }),
  };
}

export function nameOf({ global_name, username }: Pick<APIUser, "global_name" | "username">): string {
  return global_name ?? username;
}

/** A thread belongs to the channel in which it was begun. */
export function placeIn(
  channel: Pick<APIChannel, "id" | "type"> & { name?: string | null; parent_id?: string | null },
): GroupPlace {
  const { id, type, name, parent_id } = channel;
  const named = name ? { name } : {};
  return THREADS.includes(type) && parent_id ? { id: parent_id, thread: id, ...named } : { id, ...named };
}

/** Whom somebody names is shown as a number; the bot's own name, where it stands for whom is meant, is not part of what is said. */
function withNames(content: string, mentions: readonly APIUser[], me: string): string {
  const text = content.replace(/<@!?(\d+)>/g, (as, id: string) => {
    if (id === me) return "";
    const named = mentions.find((each) => each.id === id);
    return named ? `@${nameOf(named)}` : as;
  });
  return text.trim();
}

function fileOf(
  { filename, content_type, size, url }: APIAttachment,
  download: InboundNeeds["download"],
): IncomingFile {
  const type = content_type?.split(";")[0]?.trim();
  return {
    name: filename,
    ...(type ? { type } : {}),
    size,
    load: (signal) => download(url, signal),
  };
}

/** Where Discord keeps attachments. */
const STORES = ["cdn.discordapp.com", "media.discordapp.net"];

/** Whether Discord, or the server that stands for it, keeps a file there: nothing else is fetched for who writes. */
export function isStore(url: string, apiRoot: string): boolean {
  const parsed = URL.parse(url);
  if (!parsed || parsed.username || parsed.password) return false;
  return (parsed.protocol === "https:" && STORES.includes(parsed.host)) || parsed.origin === new URL(apiRoot).origin;
}
