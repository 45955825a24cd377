/** The response object of the Responses API and the items of its output. */
import { createId } from "../../lib/id.ts";
import type { AlephError } from "../../protocol/errors.ts";
import { toRpcError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/message.ts";
import type { FinishReason } from "../../sdk/provider.ts";
import type { Block, Body, ReplyHead } from "../dialect.ts";
import { errorCode } from "../errors.ts";
import { writeArguments } from "../wire/media.ts";

export type Item = Record<string, unknown>;

export interface ResponseState {
  readonly status: "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";
  readonly output?: readonly Item[];
  readonly usage?: Usage | undefined;
  readonly finish?: FinishReason;
  readonly error?: AlephError;
  /** Unix seconds. */
  readonly completedAt?: number;
}

/** The request's own settings come back in it, with the defaults for what it left out. */
export function responseObject({ id, created, model }: ReplyHead, body: Body, state: ResponseState): Item {
  const { status, output = [], usage, finish, error, completedAt = null } = state;
  const reason = finish === "length" ? "max_output_tokens" : "content_filter";
  return {
    id,
    object: "response",
    created_at: created,
    status,
    background: body.background ?? false,
    completed_at: status === "completed" ? completedAt : null,
    error: error === undefined ? null : responseError(error),
    incomplete_details: status === "incomplete" ? { reason } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    model,
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: body.reasoning ?? { effort: null, summary: null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: "default",
    store: body.store ?? true,
    temperature: body.temperature ?? null,
    text: body.text ?? { format: { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_logprobs: 0,
    top_p: body.top_p ?? null,
    truncation: "disabled",
    usage: usage === undefined ? null : responseUsage(usage),
    user: body.user ?? null,
  };
}

export function endStatus(finish: FinishReason): "completed" | "incomplete" {
  return finish === "length" || finish === "refused" ? "incomplete" : "completed";
}

export function messageItem(id: string, text: string, status = "completed"): Item {
  return { id, type: "message", status, role: "assistant", content: [textPart(text)] };
}

export function textPart(text: string): Item {
  return { type: "output_text", annotations: [], logprobs: [], text };
}

export function callItem(
  id: string,
  call: { readonly call_id: string; readonly tool: string; readonly args: unknown },
): Item {
  return {
    id,
    type: "function_call",
    status: "completed",
    call_id: call.call_id,
    name: call.tool,
    arguments: writeArguments(call.args),
  };
}

export function reasoningItem(id: string, text: string, seal: string | undefined): Item {
  return {
    id,
    type: "reasoning",
    summary: text === "" ? [] : [{ type: "summary_text", text }],
    ...(seal === undefined ? {} : { encrypted_content: seal }),
  };
}

export function itemOf(block: Block): Item {
  switch (block.type) {
    case "text":
      return messageItem(createId("msg"), block.text);
    case "thinking":
      return reasoningItem(createId("rs"), block.text, block.signature);
    case "tool_call":
      return callItem(createId("fc"), block);
  }
}

function responseError(error: AlephError): Item {
  const { message } = toRpcError(error);
  const code = errorCode(error);
  return { code: code === "rate_limit_exceeded" ? code : "server_error", message };
}

/** OpenAI counts cached tokens inside of `input_tokens`. */
function responseUsage({ input, output, cache_read, cache_write }: Usage): Item {
  const all = input + cache_read + cache_write;
  return {
    input_tokens: all,
    input_tokens_details: { cached_tokens: cache_read, cache_write_tokens: cache_write },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: all + output,
  };
}
