/**
 * What passes between the server and the handlers of a plugin's `[[providers]]`: plain JSON in snake_case. The server
 * checks all that comes back; what has another shape is `provider_error` with failure `malformed`.
 */
import type { ThinkingLevel, Usage } from "../protocol/message.ts";
import type {
  FinishReason,
  ModelText,
  ModelThinking,
  ModelToolCall,
  ProviderFailure,
  ResponseFormat,
  ToolChoice,
  ToolSpec,
} from "./provider.ts";

/** What every handler of a provider gets. */
export interface PluginProviderCall {
  /** The key of its table in `[providers.<id>]`; the provider's own name where there is none. */
  readonly provider: string;
  /** The keys of that table besides `type`, secrets resolved. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Bytes in base64. */
export interface PluginMedia {
  readonly type: "media";
  readonly mime: string;
  readonly name?: string;
  readonly data: string;
}

export type PluginMessage =
  | { readonly role: "user"; readonly content: readonly (ModelText | PluginMedia)[] }
  | { readonly role: "assistant"; readonly content: readonly (ModelText | ModelThinking | ModelToolCall)[] }
  | {
      readonly role: "tool";
      readonly call_id: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly content: readonly (ModelText | PluginMedia)[];
    };

/** `chat_handler` and `stream_handler`. A field that the model cannot heed is answered with `bad_request` naming it. */
export interface PluginChatCall extends PluginProviderCall {
  readonly model: string;
  readonly system: readonly string[];
  readonly messages: readonly PluginMessage[];
  readonly tools: readonly ToolSpec[];
  readonly thinking: ThinkingLevel;
  readonly max_output_tokens?: number;
  readonly tool_choice?: ToolChoice;
  readonly parallel_tool_calls?: boolean;
  readonly response_format?: ResponseFormat;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
}

/**
 * One part of a reply: yielded by `stream_handler` in the order in which it arrives. `text` and `thinking` are pieces to
 * be joined, a `tool_call` comes once and whole, exactly one `finish` ends the reply, and an `error` may stand in its place.
 */
export type PluginReplyPart =
  | ModelText
  | ModelThinking
  | ModelToolCall
  | { readonly type: "usage"; readonly usage: Partial<Omit<Usage, "cost_usd">> }
  | { readonly type: "finish"; readonly reason: FinishReason }
  | ({ readonly type: "error" } & PluginProviderError);

/** What `chat_handler` returns: the same parts, all at once. */
export interface PluginChatReply {
  readonly parts: readonly PluginReplyPart[];
}

/**
 * How the call failed, so that the server knows whether to wait or to ask somebody else. An exception says it less well:
 * it is told apart by the words of its message. `models` and `embed` handlers return `{error}`.
 */
export interface PluginProviderError {
  readonly failure: ProviderFailure;
  readonly message: string;
  /** HTTP status of the vendor's answer. */
  readonly status?: number;
  readonly retry_after_ms?: number;
  /** The field of the request that cannot be carried out. */
  readonly field?: string;
}

export interface PluginModel {
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

/** What `list_models_handler` returns for a `PluginProviderCall`. */
export type PluginModelsReply =
  | { readonly models: readonly (string | PluginModel)[] }
  | { readonly error: PluginProviderError };

/** `embed_handler`. */
export interface PluginEmbedCall extends PluginProviderCall {
  readonly model: string;
  readonly texts: readonly string[];
  readonly dimensions?: number;
}

/** One vector for each text, in their order, all of the same length. */
export type PluginEmbedReply =
  | { readonly vectors: readonly (readonly number[])[]; readonly input_tokens?: number }
  | { readonly error: PluginProviderError };
