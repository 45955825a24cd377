/** What an update of the Bot API says that somebody wrote. */
import type { Message, MessageEntity, UserFromGetMe } from "grammy/types";
import type { IncomingFile, IncomingMessage } from "../../sdk/channel.ts";

export interface InboundNeeds {
  readonly me: UserFromGetMe;
  /** The bytes of a file, by its id at Telegram. */
  readonly download: (fileId: string, signal: AbortSignal) => Promise<Uint8Array>;
}

/** Nothing for what nobody wrote, or another bot. */
export function readMessage(message: Message, { me, download }: InboundNeeds): IncomingMessage | undefined {
  const { from, chat, message_id, message_thread_id, is_topic_message } = message;
  if (!from || from.is_bot || chat.type === "channel") return undefined;
  const said = message.text ?? message.caption ?? "";
  const entities = message.entities ?? message.caption_entities ?? [];
  const files = filesOf(message, download);
  if (said.trim() === "" && files.length === 0) return undefined;
  const thread = is_topic_message && message_thread_id !== undefined ? String(message_thread_id) : undefined;
  const { text, isNamed } = withoutName(said, entities, me);
  const isAnswer = message.reply_to_message?.from?.id === me.id;
  const group =
    chat.type === "private"
      ? {}
      : {
          group: {
            id: String(chat.id),
            name: chat.title,
            addressed: isNamed || isAnswer,
            ...(thread === undefined ? {} : { thread }),
          },
        };
  return {
    id: `${chat.id}:${message_id}`,
    conversation: conversationOf(chat.id, thread),
    sender: { id: String(from.id), name: [from.first_name, from.last_name].filter(Boolean).join(" ") },
    text,
    ...(files.length > 0 ? { files } : {}),
    ...group,
  };
}

export interface Place {
  readonly chat: number | string;
  readonly thread?: number;
}

export function conversationOf(chat: number, thread: string | undefined): string {
  return thread === undefined ? String(chat) : `${chat}/${thread}`;
}

/** `123`, `-100123/45` for a topic, or the `@name` of a public chat; nothing for anything else. */
export function placeOf(conversation: string): Place | undefined {
  const [, id, name, thread] = /^(?:(-?\d{1,15})|(@\w{4,32}))(?:\/(\d{1,15}))?$/.exec(conversation) ?? [];
  const chat = id === undefined ? name : Number(id);
  if (chat === undefined) return undefined;
  return thread === undefined ? { chat } : { chat, thread: Number(thread) };
}

/** The bot's name, where it stands for whom is meant, is not part of what is said. */
function withoutName(
  said: string,
  entities: readonly MessageEntity[],
  { id, username }: UserFromGetMe,
): { readonly text: string; readonly isNamed: boolean } {
  const own = `@${username}`.toLowerCase();
  let [text, isNamed] = [said, false];
  for (const entity of [...entities].sort((a, b) => b.offset - a.offset)) {
    const { offset, length, type } = entity;
    const covered = said.slice(offset, offset + length);
    if (type === "bot_command") {
      const at = covered.indexOf("@");
      if (at < 0) isNamed ||= offset === 0;
      else if (covered.slice(at).toLowerCase() === own) {
        isNamed = true;
        text = text.slice(0, offset + at) + text.slice(offset + length);
      }
    } else if (
      (type === "mention" && covered.toLowerCase() === own) ||
      (type === "text_mention" && entity.user.id === id)
    ) {
      isNamed = true;
      text = text.slice(0, offset) + text.slice(offset + length);
    }
  }
  return { text: text.trim(), isNamed };
}

function filesOf(message: Message, download: InboundNeeds["download"]): IncomingFile[] {
  const { photo, document, voice, audio, video, video_note, animation } = message;
  const file = (
    { file_id, file_size }: { file_id: string; file_size?: number },
    name: string,
    type: string | undefined,
  ): IncomingFile => ({
    name,
    ...(type === undefined ? {} : { type }),
    ...(file_size === undefined ? {} : { size: file_size }),
    load: (signal) => download(file_id, signal),
  });
  const largest = photo?.reduce((best, each) => (each.width > best.width ? each : best));
  return [
    largest && file(largest, "photo.jpg", "image/jpeg"),
    // An animation comes as a document, too.
    document && !animation ? file(document, document.file_name ?? "document", document.mime_type) : undefined,
    animation && file(animation, animation.file_name ?? "animation.mp4", animation.mime_type),
    voice && file(voice, "voice.ogg", voice.mime_type ?? "audio/ogg"),
    audio && file(audio, audio.file_name ?? "audio.mp3", audio.mime_type),
    video && file(video, video.file_name ?? "video.mp4", video.mime_type),
    video_note && file(video_note, "video-note.mp4", "video/mp4"),
  ].filter((each) => each !== undefined);
}
