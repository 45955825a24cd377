/** What a conversation is called between Aleph and this plugin. */

/** `C1`: a channel or direct message. `C1@1.2`: a thread in it. `C1+U1`: what one person asks there by slash command. */
export interface Place {
  readonly channel: string;
  readonly thread?: string;
  readonly user?: string;
}

const FORM = /^([^@+\s]+)(?:@(\d+\.\d+)|\+([A-Z0-9]+))?$/;

export function formatPlace({ channel, thread, user }: Place): string {
  if (thread !== undefined) return `${channel}@${thread}`;
  return user === undefined ? channel : `${channel}+${user}`;
}

/** What it is called in words of ours: whom or where a message goes. */
export function placeName({ channel, user }: Place): string {
  return user ?? channel;
}

/** `C1:1.2`: a message, as it came and as it was sent. */
export interface MessageName {
  readonly channel: string;
  readonly ts: string;
}

export function formatMessageId({ channel, ts }: MessageName): string {
  return `${channel}:${ts}`;
}

/** Nothing for what names none. */
export function parseMessageId(id: string): MessageName | undefined {
  const [, channel, ts] = /^([A-Z0-9]+):(\d+\.\d+)$/.exec(id) ?? [];
  return channel === undefined || ts === undefined ? undefined : { channel, ts };
}

/** Throws for what is none. */
export function parsePlace(conversation: string): Place {
  const [, channel, thread, user] = FORM.exec(conversation) ?? [];
  if (channel === undefined) {
    throw new Error(`"${conversation}" is no conversation: an id of a channel or person, or a channel's #name`);
  }
  return { channel, ...(thread === undefined ? {} : { thread }), ...(user === undefined ? {} : { user }) };
}
