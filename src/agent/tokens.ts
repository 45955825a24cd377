/**
 * How many tokens something takes. Nobody can count those of all models: they are estimated by bytes, which fits alphabets of all
 * kinds, and set right for each model by what it says that it read.
 */
import type { MessagePart } from "../protocol/message.ts";
import type { ModelMessage, ToolSpec } from "../sdk/provider.ts";

/** A cautious average over languages and code: of English about four. */
const BYTES_PER_TOKEN = 3.5;
const PER_MESSAGE = 8;
const PER_MEDIA = 1500;
/** What a model says of shorter requests tells little of its tokens. */
const TELLING = 500;
const LEAST = 0.7;
const MOST = 4;

export function textTokens(text: string): number {
  return Buffer.byteLength(text) / BYTES_PER_TOKEN;
}

/** Of a stored message. */
export function partsTokens(parts: readonly MessagePart[]): number {
  let tokens = PER_MESSAGE;
  for (const part of parts) {
    if (part.type === "media") tokens += PER_MEDIA;
    else if (part.type === "tool_call") tokens += textTokens(JSON.stringify(part.args) ?? "");
    else tokens += textTokens(part.text) + (part.type === "tool_result" ? (part.media?.length ?? 0) * PER_MEDIA : 0);
  }
  return tokens;
}

export function messageTokens({ content }: ModelMessage): number {
  let tokens = PER_MESSAGE;
  for (const part of content) {
    if (part.type === "media") tokens += PER_MEDIA;
    else tokens += textTokens(part.type === "tool_call" ? (JSON.stringify(part.args) ?? "") : part.text);
  }
  return tokens;
}

export function messagesTokens(messages: readonly ModelMessage[]): number {
  return messages.reduce((sum, message) => sum + messageTokens(message), 0);
}

export function toolTokens({ name, description, parameters }: ToolSpec): number {
  return textTokens(name) + textTokens(description) + textTokens(JSON.stringify(parameters));
}

/** What each model made of our estimates: tokens of its own for one of ours. */
export class TokenScales {
  readonly #scales = new Map<string, number>();
  readonly #schemas = new WeakMap<object, number>();

  of(ref: string): number {
    return this.#scales.get(ref) ?? 1;
  }

  /** A model read this many tokens where so many were estimated. What is far off is no count of all that was sent. */
  learn(ref: string, estimated: number, read: number): void {
    const scale = read / estimated;
    if (estimated < TELLING || scale < LEAST / 2 || scale > MOST * 2) return;
    this.#scales.set(ref, within((this.of(ref) + scale) / 2));
  }

  /** It said that there were too many. */
  raise(ref: string): void {
    this.#scales.set(ref, within(this.of(ref) * 1.3));
  }

  /** Of what comes with each request besides the conversation. */
  fixed({ system, tools }: { readonly system: readonly string[]; readonly tools: readonly ToolSpec[] }): number {
    let tokens = 0;
    for (const text of system) tokens += textTokens(text);
    for (const tool of tools) {
      const known = this.#schemas.get(tool.parameters) ?? toolTokens(tool);
      this.#schemas.set(tool.parameters, known);
      tokens += known;
    }
    return tokens;
  }
}

function within(scale: number): number {
  return Math.min(MOST, Math.max(LEAST, scale));
}
