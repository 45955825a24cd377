/** What a provider is: a place where models answer. One stream of parts inside, whatever the wire outside. */
import type * as z from "zod";
import type { Log } from "../lib/log.ts";
import type { ThinkingLevel, Usage } from "../protocol/message.ts";

/** Bytes that a message carries, ready for the wire. */
export interface ModelMedia {
  readonly type: "media";
  readonly mime: string;
  readonly name?: string;
  readonly data: Uint8Array;
}

export interface ModelText {
  readonly type: "text";
  readonly text: string;
}

export interface ModelThinking {
  readonly type: "thinking";
  readonly text: string;
  readonly signature?: string;
}

export interface ModelToolCall {
  readonly type: "tool_call";
  readonly call_id: string;
  readonly tool: string;
  readonly args: unknown;
}

export type ModelMessage =
  | {
      readonly role: "user";
      readonly content: readonly (ModelText | ModelMedia)[];
      /** As below. */
      readonly untrusted?: true;
    }
  | { readonly role: "assistant"; readonly content: readonly (ModelText | ModelThinking | ModelToolCall)[] }
  | {
      readonly role: "tool";
      readonly call_id: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly content: readonly (ModelText | ModelMedia)[];
      /** Written by a stranger; the text says so itself. */
      readonly untrusted?: true;
    };

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether the arguments must fit the schema; where a provider cannot promise it, they usually do. */
  readonly strict?: boolean;
}

export interface ModelRequest {
  /** The model's id at the provider, without the provider's name. */
  readonly model: string;
  /** Stable text first, so that provider caches hit. */
  readonly system: readonly string[];
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ToolSpec[];
  readonly thinking: ThinkingLevel;
  readonly maxOutputTokens?: number;
  /** Default: the model decides. A provider that cannot carry a field out throws `bad_request` naming it. */
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string };

/** JSON of any kind, or JSON that fits a schema (JSON Schema 2020-12). */
export type ResponseFormat =
  | { readonly type: "json" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict?: boolean;
    };

/** Why the model stopped. */
export type FinishReason = "stop" | "tool_calls" | "length" | "refused";

/** How a provider call failed, and so what helps: waiting, another provider, or neither. */
export const PROVIDER_FAILURES = [
  "auth",
  "quota",
  "rate_limit",
  "overloaded",
  "context_too_long",
  "refused",
  "bad_request",
  "network",
  "timeout",
  "malformed",
] as const;
export type ProviderFailure = (typeof PROVIDER_FAILURES)[number];

/**
 * One part of a reply, in the order in which it arrives. `text` and `thinking` are pieces to be joined; a piece of
 * thinking with a `signature` is the last of its block, and may be empty but for it. A `tool_call` comes once, whole. A reply ends with exactly one `finish`; `usage` comes before it when the provider tells it.
 */
export type StreamPart =
  | ModelText
  | ModelThinking
  | ModelToolCall
  | { readonly type: "usage"; readonly usage: Omit<Usage, "cost_usd"> }
  | { readonly type: "finish"; readonly reason: FinishReason };

/** What is known of a model. */
export interface ModelInfo {
  readonly id: string;
  readonly name?: string;
  readonly contextWindow?: number;
  readonly maxOutput?: number;
  /** Whether it calls tools, sees images, thinks before it answers; left out where that is not known. */
  readonly tools?: boolean;
  readonly vision?: boolean;
  readonly thinking?: boolean;
  readonly price?: ModelPrice;
}

/** US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** What all of a request costs whose prompt, cached or not, has more than `over` tokens. */
  readonly long?: Omit<ModelPrice, "long"> & { readonly over: number };
}

/** What a kind of provider knows of a model without asking. `priceUntil` (`2027-01-01`) is when its price changes. */
export type ModelFacts = Omit<ModelInfo, "id"> & { readonly priceUntil?: string };

export type MediaKind = "pdf" | "audio";

/** Ready to answer. Disposing ends nothing that is under way: the signal of each call does that. */
export interface OpenProvider {
  readonly id: string;
  /** It answers by a script, for trying out: nothing is to be learned from what it says. */
  readonly scripted?: true;
  /**
   * One reply. Throws (from the first or any later `next`) `AlephError("provider_error")` made by `providerError`,
   * `cancelled` when `signal` aborted. `signal` closes the HTTP request at once.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<StreamPart>;
  /** What the provider offers now; a real request with the real key. Throws as `stream`. */
  models(signal: AbortSignal): Promise<readonly ModelInfo[]>;
  /**
   * The wire formats in which a request can be handed on as it is. The answer is the vendor's own, body unread; the
   * provider adds address and key and nothing else. Throws as `stream` for an answer of 400 or above: its status,
   * failure and `data.body` (the vendor's JSON, when it is one) are in the error.
   */
  readonly forward?: Readonly<Partial<Record<Dialect, Forward>>>;
  /** What a model takes besides text and images; what it does not take is made into text before. Default: nothing. */
  takes?(model: string): readonly MediaKind[];
  /** Vectors for texts, in their order. Throws as `stream`. */
  embed?(request: EmbedRequest, signal: AbortSignal): Promise<EmbedResult>;
  /** Throws as `stream`. */
  generateImage?(request: ImageRequest, signal: AbortSignal): Promise<readonly GeneratedMedia[]>;
  /** Begins a video; the job is asked for until it has ended. Throws as `stream`. */
  startVideo?(request: VideoRequest, signal: AbortSignal): Promise<{ readonly job: string }>;
  videoStatus?(job: string, signal: AbortSignal): Promise<VideoStatus>;
  /** Text of speech. Throws as `stream`. */
  transcribe?(request: TranscribeRequest, signal: AbortSignal): Promise<{ readonly text: string }>;
  /** Speech of text, as MP3. Throws as `stream`. */
  speak?(request: SpeechRequest, signal: AbortSignal): Promise<GeneratedMedia>;
}

/** OpenAI Chat Completions, OpenAI Responses, Anthropic Messages. */
export const DIALECTS = ["chat", "responses", "messages"] as const;
export type Dialect = (typeof DIALECTS)[number];

/**
 * `body` is the request's JSON as text, with the vendor's own model id in it; `headers` are the client's that belong to
 * the dialect (`anthropic-version`, `anthropic-beta`). `timeout_ms` counts to the answer's headers, which of an answer
 * that comes `whole`, and not as a stream, come when it has been made: whoever reads the body watches over it. `call` must be this call's own: aborting it ends the request at once, also while the body is
 * read, and it is aborted when the vendor is late.
 */
export type Forward = (
  body: string,
  call: AbortController,
  headers?: Readonly<Record<string, string>>,
  whole?: boolean,
) => Promise<Response>;

export interface EmbedRequest {
  readonly model: string;
  readonly texts: readonly string[];
  readonly dimensions?: number;
}

export interface EmbedResult {
  readonly vectors: readonly (readonly number[])[];
  readonly inputTokens: number;
}

export interface ImageRequest {
  readonly model: string;
  readonly prompt: string;
  /** `1024x1024` */
  readonly size?: string;
  readonly count?: number;
}

export interface GeneratedMedia {
  readonly mime: string;
  readonly data: Uint8Array;
}

export interface VideoRequest {
  readonly model: string;
  readonly prompt: string;
  readonly size?: string;
  readonly seconds?: number;
}

/** `progress` is from 0 to 1, null when the vendor does not tell. */
export type VideoStatus =
  | { readonly state: "running"; readonly progress: number | null }
  | { readonly state: "done"; readonly media: GeneratedMedia }
  | { readonly state: "failed"; readonly message: string };

export interface TranscribeRequest {
  readonly model: string;
  readonly audio: ModelMedia;
  readonly language?: string;
}

export interface SpeechRequest {
  readonly model: string;
  readonly text: string;
  /** As the vendor calls it. */
  readonly voice: string;
}

export interface ProviderHost {
  /** The key of its table in `[providers.<id>]`. */
  readonly id: string;
  readonly log: Log;
  readonly fetch: typeof fetch;
}

/** A kind of provider: what `type` in a provider's table names. */
export interface ProviderType<Name extends string, O extends z.ZodType> {
  readonly type: Name;
  /** Asked for when neither the person nor the config names a model; without it the first that the provider lists. */
  readonly defaultModel?: string;
  /** Whether its own address, that is without `base_url`, answers nobody without `api_key`. */
  readonly needsKey?: boolean;
  /** What is known of its models without asking, by id without a date; loaded when a provider of it is first opened. */
  facts?(): Promise<Readonly<Record<string, ModelFacts>>>;
  /** The keys of its table besides `type`. Secrets arrive resolved. */
  readonly options: O;
  open(options: z.output<O>, host: ProviderHost): OpenProvider;
}

export type AnyProviderType = ProviderType<string, z.ZodType>;

export function defineProvider<const Name extends string, O extends z.ZodType>(
  type: ProviderType<Name, O>,
): ProviderType<Name, O> {
  return type;
}
