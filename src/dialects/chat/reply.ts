/** Writes a reply as a Chat Completion, whole or in chunks. */
import type { AlephError } from "../../protocol/errors.ts";
import type { Usage } from "../../protocol/message.ts";
import { addUsage } from "../../protocol/usage.ts";
import type { FinishReason } from "../../sdk/provider.ts";
import type { Body, Reply, ReplyEncoder, ReplyHead, ReplyPart } from "../dialect.ts";
import { streamError } from "../errors.ts";
import { writeArguments } from "../wire/media.ts";

const FINISH: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  tool_calls: "tool_calls",
  length: "length",
  refused: "content_filter",
};

export function chatReply(reply: Reply, { id, created, model }: ReplyHead): Record<string, unknown> {
  const join = (type: "text" | "thinking") =>
    reply.blocks.map((block) => (block.type === type ? block.text : "")).join("");
  const calls = reply.blocks.filter((block) => block.type === "tool_call");
  const text = join("text");
  const thinking = join("thinking");
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && calls.length > 0 ? null : text,
          refusal: null,
          ...(thinking === "" ? {} : { reasoning_content: thinking }),
          ...(calls.length === 0
            ? {}
            : {
                tool_calls: calls.map((call) => ({
                  id: call.call_id,
                  type: "function",
                  function: { name: call.tool, arguments: writeArguments(call.args) },
                })),
              }),
        },
        logprobs: null,
        finish_reason: FINISH[reply.finish],
      },
    ],
    ...(reply.usage === undefined ? {} : { usage: chatUsage(reply.usage) }),
  };
}

export function chatEncoder({ id, created, model }: ReplyHead, body: Body): ReplyEncoder {
  const options = body.stream_options as { include_usage?: boolean } | null | undefined;
  const includeUsage = options?.include_usage === true;
  let usage: Usage | undefined;
  let calls = 0;
  const event = (choices: readonly object[], more: object = includeUsage ? { usage: null } : {}) =>
    `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created, model, choices, ...more })}\n\n`;
  const chunk = (delta: object, finish: string | null = null) =>
    event([{ index: 0, delta, logprobs: null, finish_reason: finish }]);
  return {
    begin: () => chunk({ role: "assistant", content: "", refusal: null }),
    part(part: ReplyPart) {
      switch (part.type) {
        case "text":
          return chunk({ content: part.text });
        case "thinking":
          return part.text === "" ? "" : chunk({ reasoning_content: part.text });
        case "tool_call": {
          const fn = { name: part.tool, arguments: writeArguments(part.args) };
          return chunk({ tool_calls: [{ index: calls++, id: part.call_id, type: "function", function: fn }] });
        }
        case "usage":
          usage = addUsage(usage, part.usage);
          return "";
        case "finish":
          return chunk({}, FINISH[part.reason]);
        case "model":
          return "";
      }
    },
    end: () => `${includeUsage && usage ? event([], { usage: chatUsage(usage) }) : ""}data: [DONE]\n\n`,
    fail: (error: AlephError) => streamError("chat", error),
  };
}

/** OpenAI counts cached tokens inside of `prompt_tokens`. */
function chatUsage({ input, output, cache_read, cache_write }: Usage): Record<string, unknown> {
  const prompt = input + cache_read + cache_write;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cache_read, cache_write_tokens: cache_write, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}
