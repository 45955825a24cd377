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
  | { readonly role: "user"; readonly content: readonly (ModelText | ModelMedia)[] }
  | { readonly role: "assistant"; readonly content: readonly (ModelText | ModelThinking | ModelToolCall)[] }
  | {
      readonly role: "tool";
      readonly call_id: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly content: readonly (ModelText | ModelMedia)[];
    };

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
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
}

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

/** What is known of a model. Prices are US dollars per million tokens. */
export interface ModelInfo {
  readonly id: string;
  readonly name?: string;
  readonly contextWindow?: number;
  readonly maxOutput?: number;
  readonly price?: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead?: number;
    readonly cacheWrite?: number;
  };
}

/** Ready to answer. Disposing ends nothing that is under way: the signal of each call does that. */
export interface OpenProvider {
  readonly id: string;
  /**
   * One reply. Throws (from the first or any later `next`) `AlephError("provider_error")` made by `providerError`,
   * `cancelled` when `signal` aborted. `signal` closes the HTTP request at once.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<StreamPart>;
  /** What the provider offers now; a real request with the real key. Throws as `stream`. */
  models(signal: AbortSignal): Promise<readonly ModelInfo[]>;
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
