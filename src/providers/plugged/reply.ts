/** Checks what a plugin's handlers answer: each function throws `provider_error` with failure `malformed`. */
import type { EmbedResult, FinishReason, ModelInfo, StreamPart } from "../../sdk/provider.ts";
import { listOf, objectOf } from "../wire/call.ts";
import { configuredModels, type ModelEntry } from "../wire/configured.ts";
import { type FailureSource, malformedFailure } from "../wire/failure.ts";
import { modelEntries } from "../wire/options.ts";
import { isCount, toldFailure } from "./failure.ts";

const FINISH: readonly FinishReason[] = ["stop", "tool_calls", "length", "refused"];
/** Characters of one reply, and what a list may hold. */
const MAX_REPLY = 64 * 1024 * 1024;
const MAX_MODELS = 10_000;
const MAX_ID = 200;

/** Reads the parts of one reply, in their order; throws what the plugin told as an error. */
export function createPartReader(source: FailureSource): (part: unknown) => StreamPart {
  const calls = new Set<string>();
  let size = 0;
  const malformed = (what: string) => malformedFailure(source, what);
  const counted = (text: string): string => {
    size += text.length;
    if (size > MAX_REPLY) throw malformed("more than a reply can hold");
    return text;
  };
  return (part) => {
    const { type, text, signature, call_id, tool, args, usage, reason } = objectOf(part);
    switch (type) {
      case "text":
        if (typeof text !== "string") throw malformed("a part without its text");
        return { type, text: counted(text) };
      case "thinking":
        if (typeof text !== "string") throw malformed("a part without its text");
        if (signature !== undefined && typeof signature !== "string") throw malformed("a signature that is no text");
        return { type, text: counted(text), ...(signature === undefined ? {} : { signature: counted(signature) }) };
      case "tool_call":
        if (!isId(call_id) || !isId(tool)) throw malformed("a tool call without its id or its tool");
        if (calls.has(call_id)) throw malformed("two tool calls with the same id");
        calls.add(call_id);
        counted(JSON.stringify(args ?? {}));
        return { type, call_id, tool, args: args ?? {} };
      case "usage":
        return { type, usage: readUsage(usage, malformed) };
      case "finish": {
        const known = FINISH.find((name) => name === reason);
        if (known === undefined) throw malformed("an end without its reason");
        return { type, reason: known };
      }
      case "error":
        throw toldFailure(source, part);
      default:
        throw malformed("a part of an unknown type");
    }
  };
}

export function readChatReply(source: FailureSource, reply: unknown): readonly unknown[] {
  const { parts } = objectOf(reply);
  if (!Array.isArray(parts)) throw malformedFailure(source, "a reply without its parts");
  return parts;
}

export function readModels(source: FailureSource, reply: unknown): readonly ModelInfo[] {
  const { models, error } = objectOf(reply);
  if (error !== undefined) throw toldFailure(source, error);
  const list = listOf(models);
  if (!Array.isArray(models) || list.length > MAX_MODELS) throw malformedFailure(source, "no list of models");
  const parsed = modelEntries.safeParse(list);
  if (!parsed.success) throw malformedFailure(source, "a model that is not valid", parsed.error);
  return configuredModels(parsed.data as readonly ModelEntry[]);
}

export function readVectors(source: FailureSource, reply: unknown, texts: number): EmbedResult {
  const { vectors, input_tokens, error } = objectOf(reply);
  if (error !== undefined) throw toldFailure(source, error);
  if (!Array.isArray(vectors) || vectors.length !== texts) {
    throw malformedFailure(source, "not one vector for each text");
  }
  const length = listOf(vectors[0]).length;
  const isVector = (vector: unknown): vector is number[] =>
    Array.isArray(vector) && vector.length === length && length > 0 && vector.every(Number.isFinite);
  if (!vectors.every(isVector)) throw malformedFailure(source, "vectors that are none, or of different lengths");
  if (input_tokens !== undefined && !isCount(input_tokens)) throw malformedFailure(source, "a count that is none");
  return { vectors, inputTokens: input_tokens ?? 0 };
}

function readUsage(usage: unknown, malformed: (what: string) => Error) {
  const count = (name: string): number => {
    const value = objectOf(usage)[name] ?? 0;
    if (!isCount(value)) throw malformed("a count that is none");
    return value;
  };
  return {
    input: count("input"),
    output: count("output"),
    cache_read: count("cache_read"),
    cache_write: count("cache_write"),
  };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_ID;
}
