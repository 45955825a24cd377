/** A streamed reply of llama.cpp as the parts that Aleph takes. */
import type { ReplyPart } from "@aleph/plugin-sdk";
import { Refusal, refusalOf } from "./server.ts";

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning_content?: string | null;
      readonly tool_calls?: readonly Piece[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly completion_tokens?: number;
    readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  } | null;
  readonly error?: { readonly code?: number };
}

interface Piece {
  readonly index?: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

interface OpenCall {
  id: string;
  name: string;
  args: string;
}

/** Throws `Refusal` for an error within the stream, and for one that ends before its reply does. */
export async function* readReply(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReplyPart, void, undefined> {
  const calls = new Map<number, OpenCall>();
  let finish: string | undefined;
  let usage: Chunk["usage"];
  for await (const data of eventsIn(body)) {
    if (data === "[DONE]") break;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw new Refusal(refusalOf(chunk.error.code ?? 500, data));
    usage = chunk.usage ?? usage;
    const { delta, finish_reason } = chunk.choices?.[0] ?? {};
    if (delta?.reasoning_content) yield { type: "thinking", text: delta.reasoning_content };
    if (delta?.content) yield { type: "text", text: delta.content };
    for (const piece of delta?.tool_calls ?? []) addPiece(calls, piece);
    finish = finish_reason ?? finish;
  }
  if (finish === undefined) {
    throw new Refusal({ failure: "network", message: "The server ended the reply before it was complete" });
  }
  // A reply that ran out of tokens may end inside of a call.
  const whole = [...calls.values()].filter(({ args }) => finish !== "length" || isJson(args));
  for (const [index, { id, name, args }] of whole.entries()) {
    yield {
      type: "tool_call",
      call_id: id || `call_${index}_${crypto.randomUUID()}`,
      tool: name,
      args: parseArgs(args),
    };
  }
  if (usage) {
    const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
    const input = Math.max(0, (usage.prompt_tokens ?? 0) - cached);
    yield { type: "usage", usage: { input, output: usage.completion_tokens ?? 0, cache_read: cached } };
  }
  yield { type: "finish", reason: finish === "length" ? "length" : whole.length > 0 ? "tool_calls" : "stop" };
}

function addPiece(calls: Map<number, OpenCall>, { index = calls.size, id, function: said }: Piece): void {
  const call = calls.get(index) ?? { id: "", name: "", args: "" };
  calls.set(index, call);
  call.id ||= id ?? "";
  call.name ||= said?.name ?? "";
  call.args += said?.arguments ?? "";
}

/** The text itself where it is no JSON, so that the tool's schema can say so to the model. */
function parseArgs(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isJson(text: string): boolean {
  return text.trim() === "" || typeof parseArgs(text) !== "string";
}

/** The data of server-sent events. A line may begin with `error:` in older servers; comments keep the connection open. */
async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, field, data = ""] = /^(data|error): ?(.*?)\r?$/.exec(line) ?? [];
      if (field === "data") yield data;
      if (field === "error") yield `{"error":${data}}`;
    }
  }
}
