/** What a dialect is: one vendor's wire format, read into a request for any model and written from any model's reply. */
import type { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import type { Dialect, FinishReason, ModelRequest, ModelText, ModelThinking, ModelToolCall } from "../sdk/provider.ts";

export type Block = ModelText | ModelThinking | ModelToolCall;

/** One part of a reply, as failover delivers it: `model` says who answers from here on. */
export type ReplyPart =
  | Block
  | { readonly type: "model"; readonly provider: string; readonly model: string }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "finish"; readonly reason: FinishReason };

/** A whole reply: neighbouring pieces joined, tokens added up. */
export interface Reply {
  readonly blocks: readonly Block[];
  readonly finish: FinishReason;
  readonly usage: Usage | undefined;
}

/** The request's JSON, an object; nothing else of it is known. */
export type Body = Readonly<Record<string, unknown>>;

export interface ReplyHead {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** Who answers, as the client shall see it. */
  readonly model: string;
}

/** Writes one streamed reply as server-sent events; each call answers with text to be sent, perhaps empty. */
export interface ReplyEncoder {
  begin(): string;
  part(part: ReplyPart): string;
  /** After `finish`. */
  end(): string;
  /** Instead of `end`, when the reply broke off. */
  fail(error: AlephError): string;
}

export interface DialectFormat {
  readonly dialect: Dialect;
  /**
   * Throws `invalid_params` naming the field for what is not well formed, and for what a request for any model cannot
   * hold: nothing is left out silently.
   */
  parse(body: Body): Omit<ModelRequest, "model">;
  /** The answer without a stream. */
  reply(reply: Reply, head: ReplyHead, body: Body): Readonly<Record<string, unknown>>;
  encoder(head: ReplyHead, body: Body): ReplyEncoder;
}
