/** A conversation in the form of OpenAI's Chat Completions, for all who copy it. */
import type { ChatCompletionContentPart, ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources";
import type { ModelMedia, ModelMessage, ModelText, ModelToolCall, ToolSpec } from "../../sdk/provider.ts";
import { readAttachment, unreadable } from "./attachment.ts";
import { argumentsOf } from "./call-arguments.ts";
import { openDetails } from "./sealed-details.ts";

/** What a vendor's copy takes. */
export interface ChatDialect {
  /** Whether it takes PDFs and audio, and not only images. */
  readonly files: boolean;
  /** Whether the thinking of each reply goes back with it. */
  readonly thoughts?: boolean;
  /** Who is asked: what it sealed goes back. */
  readonly model?: string;
  /** More keys for a tool call that goes back, such as its seal. `seals` are the signatures of the message. */
  callExtra?(call: ModelToolCall, first: boolean, seals: readonly string[]): Readonly<Record<string, unknown>>;
}

export function toChatMessages(
  system: readonly string[],
  messages: readonly ModelMessage[],
  dialect: ChatDialect,
): ChatCompletionMessageParam[] {
  const out: ChatCompletionMessageParam[] = [];
  if (system.length > 0) out.push({ role: "system", content: system.join("\n\n") });
  /** Media of tool results: they must follow all results of the turn, in a message of the user. */
  let pending: ChatCompletionContentPart[] = [];
  const flush = () => {
    if (pending.length > 0) out.push({ role: "user", content: pending });
    pending = [];
  };
  for (const message of messages) {
    if (message.role !== "tool") flush();
    if (message.role === "user") out.push({ role: "user", content: userContent(message.content, dialect) });
    else if (message.role === "assistant") {
      const reply = assistantMessage(message.content, dialect);
      if (reply !== undefined) out.push(reply);
    } else {
      const text = textOf(message.content);
      out.push({ role: "tool", tool_call_id: message.call_id, content: message.ok ? text : `Error: ${text}` });
      const media = message.content.filter((part) => part.type === "media");
      if (media.length > 0) {
        pending.push({ type: "text", text: `Attached to the result of ${message.tool} (${message.call_id}):` });
        pending.push(...media.map((part) => mediaPart(part, dialect)));
      }
    }
  }
  flush();
  return out;
}

export function toChatTools(tools: readonly ToolSpec[]): ChatCompletionTool[] {
  return tools.map(({ name, description, parameters, strict }) => ({
    type: "function",
    function: { name, description, parameters: { ...parameters }, ...(strict === true ? { strict } : {}) },
  }));
}

function userContent(content: readonly (ModelText | ModelMedia)[], dialect: ChatDialect) {
  if (content.every((part) => part.type === "text")) return textOf(content);
  return content.map(
    (part): ChatCompletionContentPart =>
      part.type === "text" ? { type: "text", text: part.text } : mediaPart(part, dialect),
  );
}

function mediaPart(media: ModelMedia, dialect: ChatDialect): ChatCompletionContentPart {
  const attachment = readAttachment(media);
  if (attachment.kind === "text") return { type: "text", text: attachment.text };
  const { kind, mime, base64 } = attachment;
  const url = `data:${mime};base64,${base64}`;
  if (kind === "image") return { type: "image_url", image_url: { url } };
  if (!dialect.files) return { type: "text", text: unreadable(media).text };
  if (kind === "pdf") return { type: "file", file: { filename: media.name ?? "attachment.pdf", file_data: url } };
  return { type: "input_audio", input_audio: { data: base64, format: mime.includes("wav") ? "wav" : "mp3" } };
}

type Assistant = Extract<ModelMessage, { role: "assistant" }>["content"];

/** Nothing for a message that was only thinking: there is no place for it here. */
function assistantMessage(content: Assistant, dialect: ChatDialect): ChatCompletionMessageParam | undefined {
  const text = textOf(content);
  const calls = content.filter((part) => part.type === "tool_call");
  if (text === "" && calls.length === 0) return undefined;
  const seals = content.flatMap((part) =>
    part.type === "thinking" && part.signature !== undefined ? [part.signature] : [],
  );
  const details = dialect.model === undefined ? [] : openDetails(dialect.model, seals);
  const thoughts = {
    ...(dialect.thoughts === true ? { reasoning_content: thoughtsOf(content) } : {}),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
  if (calls.length === 0) return { role: "assistant", content: text, ...thoughts };
  return {
    role: "assistant",
    content: text === "" ? null : text,
    ...thoughts,
    tool_calls: calls.map((call, index) => ({
      id: call.call_id,
      type: "function",
      function: {
        name: call.tool,
        arguments: JSON.stringify(argumentsOf(call.args)),
      },
      ...dialect.callExtra?.(call, index === 0, seals),
    })),
  };
}

function thoughtsOf(content: Assistant): string {
  return content.map((part) => (part.type === "thinking" ? part.text : "")).join("");
}

function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}
