/** What a plugin of kind `nodejs` hands to Aleph, and what its handlers get. All of it is plain JSON but the signals. */

/** Who calls and where; the second argument of every handler. Which fields are there depends on who calls. */
export interface CallContext {
  /** Aborts when nobody waits for the answer any more. Code that goes on in a loop all the same is killed. */
  readonly signal: AbortSignal;
  readonly agent?: string;
  readonly sessionKey?: string;
  readonly runId?: string | null;
  readonly callId?: string;
  readonly identity?: string | null;
  readonly toolName?: string;
  readonly command?: string;
  readonly [field: string]: unknown;
}

/** A function that the manifest names, or that a service, channel, provider or route is made of. */
// biome-ignore lint/suspicious/noExplicitAny: each handler says what it takes
export type Handler<Args = any, Result = unknown> = (args: Args, context: CallContext) => Result | Promise<Result>;

/**
 * What the model is shown: a string; `{text, media?}` with bytes in base64; anything else as JSON. What a tool throws is
 * told to the model with its message.
 */
export interface ToolAnswer {
  readonly text: string;
  readonly media?: readonly { readonly mime: string; readonly data: string; readonly name?: string }[];
}

export interface HookPlace {
  readonly agent: string;
  readonly sessionKey: string;
  readonly runId: string | null;
}

export interface BeforeToolCall extends HookPlace {
  readonly toolName: string;
  readonly callId: string;
  /** An interceptor may change them. */
  args: Record<string, unknown>;
}

export interface AfterToolCall extends HookPlace {
  readonly toolName: string;
  readonly callId: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly status: string;
  /** Milliseconds. */
  readonly duration: number;
  /** An interceptor may change it. */
  result: string;
}

export interface OnMessage extends HookPlace {
  readonly identity: string;
  /** An interceptor may change it. */
  message: string;
  readonly attachments: readonly { readonly mime: string; readonly name: string | null; readonly size: number }[];
}

export interface OnResponse extends HookPlace {
  /** An interceptor may change it. */
  response: string;
  readonly final: boolean;
}

export interface OnError extends HookPlace {
  readonly error: { readonly reason: string; message: string };
}

/** Any of the five; `on…` and `…_tool_call` say in the manifest which it is. */
export type HookContext = BeforeToolCall | AfterToolCall | OnMessage | OnResponse | OnError;

/** Of a line that was typed: what stands behind the command. `plugins.executeCommand` may give other fields. */
export interface CommandArgs {
  readonly text?: string;
  readonly words?: readonly string[];
  readonly [field: string]: unknown;
}

export interface ServiceCall {
  readonly service: string;
}

export interface ChannelConnect {
  readonly channel: string;
  /** The table's name, where the manifest says `accounts = true`: all that follows is of one of them. */
  readonly account?: string;
  /** The keys of `[interfaces.<channel>]` that are the plugin's own, secrets resolved: all but those that say who may write. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface ChannelDisconnect {
  readonly channel: string;
  readonly account?: string;
}

export interface ChannelSend {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  readonly text: string;
  /** Rows of buttons to show below it; only where the manifest says `buttons = true`. */
  readonly buttons?: readonly (readonly ChannelButton[])[];
  /** Then `text` is empty; only where the manifest says `files = true`. 16 MB at most, all together. */
  readonly files?: readonly ChannelFile[];
  /** It is the beginning of an answer that goes on by edits; refuse it where this message could not be changed. */
  readonly grows?: boolean;
}

export interface ChannelFile {
  readonly name: string;
  /** A media type. */
  readonly type: string;
  /** In base64. */
  readonly data: string;
}

/** What the manifest's `load_handler` gets. */
export interface ChannelLoad {
  readonly channel: string;
  readonly account?: string;
  /** Its `id` in `channel.message`. */
  readonly file: string;
}

export interface ChannelButton {
  readonly label: string;
  readonly value: string;
}

/** `notify("channel.pressed", …)`: somebody pressed a button. What came of it is said in the conversation, or in the message itself. */
export interface ChannelPressed {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  readonly sender: string;
  readonly value: string;
  /** The message with the buttons, and what it says, in Markdown: once they are done with, an edit takes them away and adds what came of it. */
  readonly id?: string;
  readonly text?: string;
}

/** What `send` may return, and `edit` and `react` without an id; without it the message has no id. */
export interface ChannelSent {
  readonly id?: string;
  /** Why the place will never take it: then it is not sent again. */
  readonly refused?: string;
  /** The message that was to be changed is there no more: it is sent anew. */
  readonly gone?: boolean;
  /** The place asks to wait for so long; then it is tried again. */
  readonly retry_after_ms?: number;
}

/** `edit_handler` of the manifest: in place of what the message `id` says. Without `buttons` it has none any more. */
export interface ChannelEdit {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  /** As `send` gave it, or `channel.pressed` named it. */
  readonly id: string;
  readonly text: string;
  readonly buttons?: readonly (readonly ChannelButton[])[];
}

/** `typing_handler`: shows for some seconds that an answer is being written; it is called every few seconds. */
export interface ChannelTyping {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
}

/** `react_handler`: our one reaction to the message becomes this emoji, or none. Done twice it is as done once. */
export interface ChannelReact {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  /** As it came in `channel.message`, or as `send` gave it. */
  readonly id: string;
  readonly emoji: string | null;
}

/** `notify("channel.message", …)`: somebody wrote. */
export interface ChannelMessage {
  readonly channel: string;
  readonly account?: string;
  readonly conversation: string;
  readonly sender: string;
  /** What the sender is called; in a group the model sees it. */
  readonly name?: string;
  readonly text: string;
  readonly kind?: "dm" | "group";
  /** Of a group: whether it was said to Aleph. Default: true. */
  readonly addressed?: boolean;
  readonly id?: string;
  /** What came with it; only where the manifest names a `load_handler`. At most 20. */
  readonly files?: readonly ChannelIncomingFile[];
}

export interface ChannelIncomingFile {
  /** As `load` takes it; at most 1000 characters. */
  readonly id: string;
  readonly name: string;
  /** A media type. */
  readonly type?: string;
  /** Bytes. */
  readonly size?: number;
}

/** `notify("channel.closed", …)`: the connection broke; `connect` is called again. */
export interface ChannelClosed {
  readonly channel: string;
  readonly account?: string;
  readonly message?: string;
}

/** `notify("service.failed", …)`: the service ended by itself; it is started again. */
export interface ServiceFailed {
  readonly service: string;
  readonly message?: string;
}

export interface ProviderCall {
  readonly provider: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface ChatText {
  readonly type: "text";
  readonly text: string;
}

export interface ChatThinking {
  readonly type: "thinking";
  readonly text: string;
  readonly signature?: string;
}

export interface ChatToolCall {
  readonly type: "tool_call";
  readonly call_id: string;
  readonly tool: string;
  readonly args: unknown;
}

/** Bytes in base64. */
export interface ChatMedia {
  readonly type: "media";
  readonly mime: string;
  readonly name?: string;
  readonly data: string;
}

export type ChatMessage =
  | { readonly role: "user"; readonly content: readonly (ChatText | ChatMedia)[] }
  | { readonly role: "assistant"; readonly content: readonly (ChatText | ChatThinking | ChatToolCall)[] }
  | {
      readonly role: "tool";
      readonly call_id: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly content: readonly (ChatText | ChatMedia)[];
    };

/** `chat` and `stream`. A field that the model cannot heed is answered with `bad_request` naming it. */
export interface ChatCall extends ProviderCall {
  readonly model: string;
  readonly system: readonly string[];
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly strict?: boolean;
  }[];
  readonly thinking: string;
  readonly max_output_tokens?: number;
  readonly tool_choice?: "auto" | "none" | "required" | { readonly tool: string };
  readonly parallel_tool_calls?: boolean;
  readonly response_format?:
    | { readonly type: "json" }
    | {
        readonly type: "json_schema";
        readonly name: string;
        readonly schema: Readonly<Record<string, unknown>>;
        readonly strict?: boolean;
      };
  readonly temperature?: number;
  readonly top_p?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
}

/** How a call of the model failed, so that Aleph knows whether to wait or to ask somebody else. */
export interface ProviderError {
  readonly failure:
    | "auth"
    | "quota"
    | "rate_limit"
    | "overloaded"
    | "context_too_long"
    | "refused"
    | "bad_request"
    | "network"
    | "timeout"
    | "malformed";
  readonly message: string;
  readonly status?: number;
  readonly retry_after_ms?: number;
  readonly field?: string;
}

/** One part of a reply. A `tool_call` comes once and whole; exactly one `finish` or `error` ends it. */
export type ReplyPart =
  | ChatText
  | ChatThinking
  | ChatToolCall
  | {
      readonly type: "usage";
      readonly usage: {
        readonly input?: number;
        readonly output?: number;
        readonly cache_read?: number;
        readonly cache_write?: number;
      };
    }
  | { readonly type: "finish"; readonly reason: "stop" | "tool_calls" | "length" | "refused" }
  | ({ readonly type: "error" } & ProviderError);

export interface ChatReply {
  readonly parts: readonly ReplyPart[];
}

export interface Model {
  readonly id: string;
  readonly name?: string;
  readonly context_window?: number;
  readonly max_output?: number;
  readonly tools?: boolean;
  readonly vision?: boolean;
  readonly thinking?: boolean;
  /** US dollars per million tokens. */
  readonly price?: {
    readonly input: number;
    readonly output: number;
    readonly cache_read?: number;
    readonly cache_write?: number;
  };
}

export type ModelsReply = { readonly models: readonly (string | Model)[] } | { readonly error: ProviderError };

export interface EmbedCall extends ProviderCall {
  readonly model: string;
  readonly texts: readonly string[];
  readonly dimensions?: number;
}

/** One vector for each text, in their order, all of the same length. */
export type EmbedReply =
  | { readonly vectors: readonly (readonly number[])[]; readonly input_tokens?: number }
  | { readonly error: ProviderError };

export interface HttpRequest {
  readonly method: string;
  /** Below `/plugins/<id>`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly encoding: "utf8" | "base64";
}

export interface HttpAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly encoding?: "utf8" | "base64";
}

export interface Service {
  readonly start: Handler<ServiceCall>;
  readonly stop: Handler<ServiceCall>;
}

export interface Channel {
  readonly connect: Handler<ChannelConnect>;
  readonly disconnect: Handler<ChannelDisconnect>;
  /** Resolves when the place has taken the message. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  readonly send: Handler<ChannelSend, ChannelSent | void>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  readonly edit?: Handler<ChannelEdit, ChannelSent | void>;
  readonly typing?: Handler<ChannelTyping>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  readonly react?: Handler<ChannelReact, ChannelSent | void>;
  /** Yields the bytes of a file that came, in base64, in pieces of at most 500,000 characters each. */
  readonly load?: (args: ChannelLoad, context: CallContext) => AsyncIterable<string> | Iterable<string>;
}

export interface Provider {
  readonly listModels: Handler<ProviderCall, ModelsReply>;
  readonly chat: Handler<ChatCall, ChatReply>;
  readonly stream?: (
    args: ChatCall,
    context: CallContext,
  ) => AsyncIterable<ReplyPart> | Iterable<ReplyPart> | Promise<AsyncIterable<ReplyPart> | Iterable<ReplyPart>>;
  readonly embed?: Handler<EmbedCall, EmbedReply>;
}

/**
 * In each group a handler stands under the name that the manifest gives it as `handler`, or under the name of what it is
 * for: a tool's, command's, service's, channel's or provider's name, a hook's event, a route's `"POST /path"`.
 */
export interface PluginDefinition {
  readonly name: string;
  readonly tools?: Readonly<Record<string, Handler>>;
  readonly hooks?: Readonly<Record<string, Handler>>;
  readonly commands?: Readonly<Record<string, Handler<CommandArgs>>>;
  readonly services?: Readonly<Record<string, Service | Handler>>;
  readonly channels?: Readonly<Record<string, Channel | Handler>>;
  readonly providers?: Readonly<Record<string, Provider | Handler>>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing
  readonly routes?: Readonly<Record<string, Handler<HttpRequest, HttpAnswer | void>>>;
  /** Whatever the manifest names, by that name. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** Called before the process ends, unless it is killed; it has a fraction of a second. */
  readonly stop?: () => unknown;
}

export interface PluginServer {
  readonly name: string;
  /** From here on the plugin takes calls. */
  start(): Promise<void>;
  notify: typeof notify;
}

export function createServer(definition: PluginDefinition): PluginServer;

/** Tells Aleph something that it did not ask for. Throws outside of Aleph. */
export function notify(topic: "channel.message", data: ChannelMessage): void;
export function notify(topic: "channel.pressed", data: ChannelPressed): void;
export function notify(topic: "channel.closed", data: ChannelClosed): void;
export function notify(topic: "service.failed", data: ServiceFailed): void;
export function notify(topic: string, data?: unknown): void;
