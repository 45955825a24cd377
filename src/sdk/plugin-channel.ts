/** What passes between the server and the handlers of a plugin's `[[channels]]`: plain JSON in snake_case. */

/**
 * `connect_handler`: resolves when messages can be sent; what it returns is not looked at. It is called again after its
 * process ended, after `channel.closed`, and when the table changed.
 */
export interface PluginChannelConnect {
  readonly channel: string;
  /** The table's name, where the manifest says `accounts = true`: all that follows is of one of them. */
  readonly account?: string;
  /** The keys of `[interfaces.<channel>]` that are the plugin's own, secrets resolved: all but those that say who may write. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** `disconnect_handler`: what it returns is not looked at. */
export interface PluginChannelDisconnect {
  readonly channel: string;
  readonly account?: string;
}

/** `send_handler`: resolves when the place has taken the message. */
export interface PluginChannelSend {
  readonly channel: string;
  readonly account?: string;
  /** As the plugin named it in `channel.message`, or as a person wrote it. */
  readonly conversation: string;
  readonly text: string;
  /** Rows of buttons to show below it; only where the manifest says `buttons = true`. */
  readonly buttons?: readonly (readonly PluginChannelButton[])[];
  /** Then `text` is empty; only where the manifest says `files = true`. 16 MB at most, all together. */
  readonly files?: readonly PluginChannelFile[];
  /** It is the beginning of an answer that goes on by edits; refuse it where this message could not be changed. */
  readonly grows?: boolean;
}

export interface PluginChannelFile {
  readonly name: string;
  /** A media type. */
  readonly type: string;
  /** In base64. */
  readonly data: string;
}

export interface PluginChannelButton {
  readonly label: string;
  /** What `channel.pressed` brings back; at most 64 bytes. */
  readonly value: string;
}

/** What `send_handler` may return, and `edit_handler` and `react_handler` without an id; without it the message has no id. */
export interface PluginChannelSent {
  readonly id?: string;
  /** Why the place will never take it: then it is not sent again. */
  readonly refused?: string;
  /** The message that was to be changed is there no more: it is sent anew. */
  readonly gone?: boolean;
  /** The place asks to wait for so long; then it is tried again. */
  readonly retry_after_ms?: number;
}

/** `edit_handler`: in place of what the message `id` says. Without `buttons` it has none any more. */
export interface PluginChannelEdit {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  /** As `send` gave it, or `channel.pressed` named it. */
  readonly id: string;
  readonly text: string;
  readonly buttons?: readonly (readonly PluginChannelButton[])[];
}

/** `typing_handler`: shows for some seconds that an answer is being written; it is called every few seconds. */
export interface PluginChannelTyping {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
}

/** `react_handler`: our one reaction to the message becomes this emoji, or none. Done twice it is as done once. */
export interface PluginChannelReact {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  /** As it came in `channel.message`, or as `send` gave it. */
  readonly id: string;
  readonly emoji: string | null;
}

/**
 * `load_handler`: yields the bytes of a file of `channel.message`, in base64, in pieces of at most 500,000 characters each. It is
 * called when the sender may write, soon after the message or never.
 */
export interface PluginChannelLoad {
  readonly channel: string;
  readonly account?: string;
  /** Its `id`. */
  readonly file: string;
}

/**
 * Notification `channel.message`: somebody wrote. Whether it is taken, the table says: `allow_from`, `dm_policy`, `groups`. The
 * answer of the run goes to `conversation` by `send_handler`.
 */
export interface PluginChannelMessage {
  readonly channel: string;
  readonly account?: string;
  /** The place's own name of the conversation, at most 512 bytes. */
  readonly conversation: string;
  /** Who wrote, by an id that nobody can choose for himself; at most 256 characters. */
  readonly sender: string;
  /** What the sender is called; in a group the model sees it. At most 256 characters. */
  readonly name?: string;
  readonly text: string;
  /** Default: `dm`, one person. `group`: several may read the answer. */
  readonly kind?: "dm" | "group";
  /** Of a group: whether it was said to Aleph, by name or as an answer. Default: true. */
  readonly addressed?: boolean;
  /** The place's own id of the message: one that comes twice within a day starts one run. */
  readonly id?: string;
  /** What came with it; only where the manifest names a `load_handler`. At most 20. */
  readonly files?: readonly PluginChannelIncomingFile[];
}

export interface PluginChannelIncomingFile {
  /** As `load_handler` takes it; at most 1000 characters. */
  readonly id: string;
  readonly name: string;
  /** A media type. */
  readonly type?: string;
  /** Bytes. */
  readonly size?: number;
}

/** Notification `channel.pressed`: somebody pressed a button. What came of it is said in the conversation, or in the message itself. */
export interface PluginChannelPressed {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  /** As in `channel.message`. */
  readonly sender: string;
  readonly value: string;
  /** The message with the buttons, and what it says, in Markdown: once they are done with, an edit takes them away and adds what came of it. */
  readonly id?: string;
  readonly text?: string;
}

/** Notification `channel.closed`: the connection broke; it is opened again, later and later. */
export interface PluginChannelClosed {
  readonly channel: string;
  readonly account?: string;
  readonly message?: string;
}
