/** A conversation in the form of Anthropic's Messages API. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { ModelMedia, ModelMessage, ModelText, ModelThinking, ToolSpec } from "../../sdk/provider.ts";
import { readAttachment, unreadable } from "../wire/attachment.ts";
import { argumentsOf } from "../wire/call-arguments.ts";

type Block = Anthropic.Messages.ContentBlockParam;
type ResultBlock =
  | Anthropic.Messages.TextBlockParam
  | Anthropic.Messages.ImageBlockParam
  | Anthropic.Messages.DocumentBlockParam;

/**
 * Signatures are kept with the model that made them: `anthropic:<model>:<signature>`. Thinking of another provider or
 * model is refused by the API, and so is left out when the conversation goes back.
 */
const SEAL = "anthropic:";
const REDACTED = "anthropic-redacted:";

export function sealThinking(model: string, signature: string): string {
  return `${SEAL}${model}:${signature}`;
}

export function sealRedacted(model: string, data: string): string {
  return `${REDACTED}${model}:${data}`;
}

/** Whether the API would take this thinking back from `model`. */
export function isOwnThinking(part: ModelThinking, model: string): boolean {
  return thinkingBlock(part, model) !== undefined;
}

function thinkingBlock({ text, signature }: ModelThinking, model: string): Block | undefined {
  const own = `${SEAL}${model}:`;
  if (signature?.startsWith(own)) return { type: "thinking", thinking: text, signature: signature.slice(own.length) };
  const redacted = `${REDACTED}${model}:`;
  if (signature?.startsWith(redacted)) return { type: "redacted_thinking", data: signature.slice(redacted.length) };
  return undefined;
}

/** Neighbours of one role become one message, as results of parallel calls must. The last block is a cache breakpoint. */
export function toMessages(
  messages: readonly ModelMessage[],
  model: string,
  keepThinking: boolean,
): Anthropic.Messages.MessageParam[] {
  const out: { role: "user" | "assistant"; content: Block[] }[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = blocks(message, model, keepThinking);
    if (content.length === 0) continue;
    const last = out.at(-1);
    if (last?.role === role) last.content.push(...content);
    else out.push({ role, content });
  }
  const end = out.at(-1)?.content.at(-1);
  if (end !== undefined && end.type !== "thinking" && end.type !== "redacted_thinking") {
    Object.assign(end, { cache_control: { type: "ephemeral" } });
  }
  return out;
}

function blocks(message: ModelMessage, model: string, keepThinking: boolean): Block[] {
  if (message.role === "user") return message.content.flatMap(contentBlock);
  if (message.role === "tool") {
    const content = message.content.flatMap(contentBlock);
    return [
      {
        type: "tool_result",
        tool_use_id: callId(message.call_id),
        ...(content.length === 0 ? {} : { content }),
        ...(message.ok ? {} : { is_error: true }),
      },
    ];
  }
  return message.content.flatMap((part): Block[] => {
    if (part.type === "text") return contentBlock(part);
    if (part.type === "thinking") {
      const block = keepThinking ? thinkingBlock(part, model) : undefined;
      return block === undefined ? [] : [block];
    }
    return [{ type: "tool_use", id: callId(part.call_id), name: part.tool, input: argumentsOf(part.args) }];
  });
}

/** The API refuses text blocks of nothing but white space. */
function contentBlock(part: ModelText | ModelMedia): ResultBlock[] {
  if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "text", text: part.text }];
  const attachment = readAttachment(part);
  if (attachment.kind === "text") return [{ type: "text", text: attachment.text }];
  if (attachment.kind === "audio") return [{ type: "text", text: unreadable(part).text }];
  if (attachment.kind === "pdf") {
    return [
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: attachment.base64 },
        ...(part.name === undefined ? {} : { title: part.name }),
      },
    ];
  }
  const media_type = attachment.mime as Anthropic.Messages.Base64ImageSource["media_type"];
  return [{ type: "image", source: { type: "base64", media_type, data: attachment.base64 } }];
}

/** Ids that another provider made may hold what this API refuses. */
function callId(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, "_");
}

/** The stable beginning and the whole are cache breakpoints; the first also covers the tools. */
export function toSystem(system: readonly string[]): Anthropic.Messages.TextBlockParam[] {
  const texts = system.filter((text) => text.trim() !== "");
  return texts.map((text, index) => ({
    type: "text",
    text,
    ...(index === 0 || index === texts.length - 1 ? { cache_control: { type: "ephemeral" } } : {}),
  }));
}

export function toTools(tools: readonly ToolSpec[]): Anthropic.Messages.Tool[] {
  return tools.map(({ name, description, parameters, strict }) => ({
    name,
    description,
    input_schema: { ...parameters, type: "object" },
    ...(strict === true ? { strict } : {}),
  }));
}
