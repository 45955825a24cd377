/** What Slack tells of people's messages and commands, as Aleph takes it. */
import type { ChannelIncomingFile, ChannelMessage, ChannelPressed } from "@aleph/plugin-sdk";
import { toPlainText } from "./mrkdwn.ts";
import { formatMessageId, formatPlace } from "./place.ts";

export interface Reader {
  /** The bot's own id. */
  readonly botUser: string;
  readonly requireMention: boolean;
  /** Whether Aleph takes part in a thread, named as a place. */
  readonly isKnown: (thread: string) => boolean;
}

export interface MessageEvent {
  readonly type: string;
  readonly subtype?: string;
  readonly hidden?: boolean;
  readonly channel: string;
  readonly channel_type?: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly text?: string;
  readonly ts: string;
  readonly thread_ts?: string;
  readonly parent_user_id?: string;
  readonly files?: readonly SlackFile[];
}

/** https://docs.slack.dev/reference/objects/file-object; of one that is gone or hidden there is the id alone. */
export interface SlackFile {
  readonly id?: string;
  readonly name?: string | null;
  readonly title?: string | null;
  readonly mimetype?: string;
  readonly size?: number;
}

export interface SlashCommand {
  readonly command: string;
  readonly text: string;
  readonly user_id: string;
  readonly channel_id: string;
  readonly trigger_id: string;
  readonly response_url: string;
}

/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export interface BlockActions {
  readonly type: string;
  readonly user?: { readonly id?: string };
  readonly channel?: { readonly id?: string };
  readonly message?: { readonly ts?: string; readonly text?: string; readonly thread_ts?: string };
  readonly actions?: readonly { readonly action_id?: string; readonly value?: string }[];
}

/** Names our buttons: each needs a name of its own within its message. */
export const BUTTON = "aleph_";

/** A message that was edited or deleted, that a program wrote, or that somebody joined, asks nothing. */
const SUBTYPES: readonly (string | undefined)[] = [undefined, "file_share", "thread_broadcast"];
const CHANNEL = "slack";
const MAX_FILES = 20;
const MAX_NAME = 255;

/** Nothing for what is not said to Aleph. The sender is the id that Slack gives to the person. */
export function readMessage(
  event: MessageEvent,
  { botUser, requireMention, isKnown }: Reader,
): ChannelMessage | undefined {
  const { type, subtype, channel, user, ts, thread_ts, text = "" } = event;
  if ((type !== "message" && type !== "app_mention") || !SUBTYPES.includes(subtype) || event.hidden) return undefined;
  if (user === undefined || user === botUser || event.bot_id !== undefined) return undefined;
  const id = formatMessageId({ channel, ts });
  const content = toPlainText(text, botUser);
  const files = (event.files ?? []).flatMap(readFile).slice(0, MAX_FILES);
  if (content === "" && files.length === 0) return undefined;
  const said = { channel: CHANNEL, sender: user, text: content, id, ...(files.length > 0 ? { files } : {}) };
  if (event.channel_type === "im") {
    const place = thread_ts === undefined ? { channel } : { channel, thread: thread_ts };
    return { ...said, conversation: formatPlace(place), kind: "dm" };
  }
  const conversation = formatPlace({ channel, thread: thread_ts ?? ts });
  const isNamed = type === "app_mention" || text.includes(`<@${botUser}>`) || text.includes(`<@${botUser}|`);
  const isOurs = isKnown(conversation) || event.parent_user_id === botUser;
  if (requireMention && !isNamed && !isOurs) return undefined;
  return { ...said, conversation, kind: "group" };
}

/** Each person has a conversation of his own in each channel: only he sees what is answered. */
export function readCommand({ text, user_id, channel_id, trigger_id }: SlashCommand): ChannelMessage | undefined {
  const content = toPlainText(text, "");
  if (content === "") return undefined;
  const conversation = formatPlace({ channel: channel_id, user: user_id });
  return { channel: CHANNEL, conversation, sender: user_id, text: content, kind: "dm", id: trigger_id };
}

function readFile({ id, name, title, mimetype, size }: SlackFile): ChannelIncomingFile[] {
  if (id === undefined || id === "") return [];
  const called = (name || title || "file").slice(0, MAX_NAME);
  return [{ id, name: called, ...(mimetype ? { type: mimetype } : {}), ...(size === undefined ? {} : { size }) }];
}

/** Nothing for what is no button of ours. `askedIn` knows what messages say that are not old. */
export function readPress(
  { type, user, channel, message, actions = [] }: BlockActions,
  askedIn: (id: string) => string | undefined,
): ChannelPressed | undefined {
  const [action] = actions;
  if (type !== "block_actions" || !action?.action_id?.startsWith(BUTTON) || action.value === undefined)
    return undefined;
  if (user?.id === undefined || channel?.id === undefined) return undefined;
  const { thread_ts: thread, ts, text = "" } = message ?? {};
  const conversation = formatPlace({ channel: channel.id, ...(thread === undefined ? {} : { thread }) });
  const pressed = { channel: CHANNEL, conversation, sender: user.id, value: action.value };
  if (ts === undefined) return pressed;
  const id = formatMessageId({ channel: channel.id, ts });
  return { ...pressed, id, text: askedIn(id) ?? toPlainText(text, "") };
}
