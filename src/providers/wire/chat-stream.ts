/** From the chunks of a Chat Completions stream to the parts of a reply. */
import type { ChatCompletionChunk } from "openai/resources";
import type { FinishReason, ModelToolCall, StreamPart } from "../../sdk/provider.ts";
import { listOf, numberOf, objectOf } from "./call.ts";
import { type FailureSource, malformedFailure } from "./failure.ts";
import { sealDetails, sealedDetails } from "./sealed-details.ts";

interface OpenCall {
  id: string;
  name: string;
  args: string;
  seal: string | undefined;
}

/** What vendors add to OpenAI's delta. */
interface MoreDelta {
  reasoning_content?: unknown;
  reasoning?: unknown;
  reasoning_details?: unknown;
}
interface MoreCall {
  extra_content?: { google?: { thought_signature?: unknown } };
}

export interface ChatStreamOptions {
  /** Says how a seal that came with a tool call is kept: as the signature of a thinking part before the call. */
  readonly keepSeal?: (callId: string, seal: string) => string;
  /** An id for a call that came without one. */
  readonly callId: () => string;
  /** Who answers: sealed thinking goes back to nobody else. */
  readonly model: string;
}

export async function* readChatStream(
  chunks: AsyncIterable<ChatCompletionChunk>,
  source: FailureSource,
  progress: () => void,
  options: ChatStreamOptions,
): AsyncGenerator<StreamPart, void, undefined> {
  const calls: OpenCall[] = [];
  const sealed: unknown[] = [];
  /** Which call the index of a delta means now: some vendors give all calls the index 0. */
  const current = new Map<number, OpenCall>();
  let finish: string | null = null;
  let usage: StreamPart | undefined;
  let ended = false;
  for await (const chunk of chunks) {
    if (typeof chunk !== "object" || chunk === null || !("choices" in chunk || "usage" in chunk)) {
      throw malformedFailure(source, "what is not its format");
    }
    progress();
    // Read on, so that the connection is free for the next request.
    if (ended) continue;
    if (chunk.usage) usage = { type: "usage", usage: chatUsage(chunk.usage) };
    const choice = chunk.choices?.[0];
    if (choice !== undefined) {
      yield* spoken(choice.delta);
      sealed.push(...sealedDetails((choice.delta as MoreDelta | undefined)?.reasoning_details));
      for (const piece of choice.delta?.tool_calls ?? []) addPiece(piece, calls, current);
      if (choice.finish_reason) finish = choice.finish_reason;
    }
    // Not every server closes the connection or says [DONE] then.
    if (finish !== null && usage !== undefined) {
      ended = true;
      yield* closing({ calls, sealed }, finish, usage, source, options);
    }
  }
  if (!ended && finish !== null) yield* closing({ calls, sealed }, finish, usage, source, options);
}

function* spoken(delta: (ChatCompletionChunk.Choice.Delta & MoreDelta) | undefined): Generator<StreamPart> {
  const thinking = delta?.reasoning_content ?? delta?.reasoning;
  if (typeof thinking === "string" && thinking !== "") yield { type: "thinking", text: thinking };
  const content: unknown = delta?.content;
  if (typeof content === "string" && content !== "") yield { type: "text", text: content };
  for (const block of listOf(content)) yield* blockOf(objectOf(block));
  if (typeof delta?.refusal === "string" && delta.refusal !== "") yield { type: "text", text: delta.refusal };
}

/** Mistral's content while a model thinks: `{type: "thinking", thinking: [{type: "text", text}]}` and `{type: "text", text}`. */
function* blockOf({ type, text, thinking }: Readonly<Record<string, unknown>>): Generator<StreamPart> {
  if (type === "text" && typeof text === "string" && text !== "") yield { type: "text", text };
  if (type !== "thinking") return;
  for (const thought of listOf(thinking)) {
    const piece = objectOf(thought).text;
    if (typeof piece === "string" && piece !== "") yield { type: "thinking", text: piece };
  }
}

function* closing(
  { calls, sealed }: { readonly calls: readonly OpenCall[]; readonly sealed: readonly unknown[] },
  finish: string,
  usage: StreamPart | undefined,
  source: FailureSource,
  options: ChatStreamOptions,
): Generator<StreamPart> {
  if (finish === "error") throw malformedFailure(source, "an error as the end of its reply");
  // A reply that ran out of tokens may end inside of a call.
  const whole = finish === "length" ? calls.filter((call) => isJson(call.args)) : calls;
  if (sealed.length > 0) yield { type: "thinking", text: "", signature: sealDetails(options.model, sealed) };
  for (const call of whole) {
    const callId = call.id === "" ? options.callId() : call.id;
    if (call.seal !== undefined && options.keepSeal !== undefined) {
      yield { type: "thinking", text: "", signature: options.keepSeal(callId, call.seal) };
    }
    yield { type: "tool_call", call_id: callId, tool: call.name, args: parseArguments(call.args) };
  }
  if (usage !== undefined) yield usage;
  yield { type: "finish", reason: finishReason(finish, whole.length > 0) };
}

type Piece = ChatCompletionChunk.Choice.Delta.ToolCall & MoreCall;

function addPiece(piece: Piece, calls: OpenCall[], current: Map<number, OpenCall>): void {
  // Not every server counts them, whatever the type says.
  const index = piece.index as number | null | undefined;
  let call = index == null ? ofNoIndex(piece, calls) : current.get(index);
  const isNew =
    call !== undefined && piece.id !== undefined && piece.id !== "" && call.id !== "" && piece.id !== call.id;
  if (call === undefined || isNew) {
    call = { id: "", name: "", args: "", seal: undefined };
    calls.push(call);
    current.set(index ?? calls.length - 1, call);
  }
  if (piece.id && call.id === "") call.id = piece.id;
  // Some repeat the name with every piece.
  if (piece.function?.name && call.name === "") call.name = piece.function.name;
  const args: unknown = piece.function?.arguments;
  if (typeof args === "string") call.args += args;
  // Some who copy it give them whole, as the object that they are.
  else if (typeof args === "object" && args !== null) call.args = JSON.stringify(args);
  const seal = piece.extra_content?.google?.thought_signature;
  if (typeof seal === "string") call.seal = seal;
}

/** The call that a piece goes on with: that of its id, or the last one, unless it begins another. */
function ofNoIndex({ id, function: fn }: Piece, calls: readonly OpenCall[]): OpenCall | undefined {
  if (id) return calls.find((call) => call.id === id);
  return fn?.name ? undefined : calls.at(-1);
}

/** Parsed; the text itself when it is not JSON, so that the tool's schema can say so to the model. */
export function parseArguments(text: string): ModelToolCall["args"] {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isJson(text: string): boolean {
  return text.trim() === "" || typeof parseArguments(text) !== "string";
}

function finishReason(reason: string, hasCalls: boolean): FinishReason {
  if (reason === "content_filter") return "refused";
  if (reason === "length") return "length";
  return hasCalls ? "tool_calls" : "stop";
}

/** OpenAI counts tokens that were read from and written to its cache inside of the prompt's; we beside it. */
function chatUsage(usage: NonNullable<ChatCompletionChunk["usage"]>) {
  const details = objectOf(usage.prompt_tokens_details);
  // Those who copy it write null for what they do not count.
  const read = numberOf(details.cached_tokens);
  const written = numberOf(details.cache_write_tokens);
  return {
    input: Math.max(0, numberOf(usage.prompt_tokens) - read - written),
    output: numberOf(usage.completion_tokens),
    cache_read: read,
    cache_write: written,
  };
}
