/** A request of Aleph's as llama.cpp takes it: OpenAI's chat completions with some fields of its own. */
import type { ChatCall, ChatMedia, ChatMessage, ChatText } from "@aleph/plugin-sdk";

type Part = Readonly<Record<string, unknown>>;

export function chatBody(call: ChatCall): Part {
  const { model, system, messages, thinking, temperature, top_p, stop, seed, max_output_tokens } = call;
  return {
    model,
    messages: [
      ...(system.length > 0 ? [{ role: "system", content: system.join("\n\n") }] : []),
      ...messages.flatMap(toMessages),
    ],
    stream: true,
    stream_options: { include_usage: true },
    ...toolFields(call),
    ...formatFields(call),
    // Templates of models that can think and need not heed it; others do not know it.
    chat_template_kwargs: { enable_thinking: thinking !== "off" },
    ...(max_output_tokens === undefined ? {} : { max_tokens: max_output_tokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { top_p }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** One tool by its name cannot be demanded of llama.cpp: then it is the only one, and some tool is demanded. */
function toolFields({ tools, tool_choice: choice, parallel_tool_calls: parallel }: ChatCall): Part {
  const only = typeof choice === "object" ? choice.tool : undefined;
  const offered = only === undefined ? tools : tools.filter(({ name }) => name === only);
  if (offered.length === 0) return {};
  return {
    tools: offered.map(toTool),
    ...(choice === undefined ? {} : { tool_choice: only === undefined ? choice : "required" }),
    ...(parallel === undefined ? {} : { parallel_tool_calls: parallel }),
  };
}

function toTool({ name, description, parameters, strict }: ChatCall["tools"][number]): Part {
  return { type: "function", function: { name, description, parameters, ...(strict ? { strict } : {}) } };
}

function formatFields({ response_format: format }: ChatCall): Part {
  if (format === undefined) return {};
  if (format.type === "json") return { response_format: { type: "json_object" } };
  const { type, ...schema } = format;
  return { response_format: { type, json_schema: schema } };
}

function toMessages(message: ChatMessage): readonly Part[] {
  if (message.role === "user") return [{ role: "user", content: contentOf(message.content) }];
  if (message.role === "assistant") return assistantMessage(message.content);
  const { call_id, tool, ok, content } = message;
  const text = textOf(content);
  const media = content.filter((part) => part.type === "media");
  const result = { role: "tool", tool_call_id: call_id, content: ok ? text : `Error: ${text}` };
  if (media.length === 0) return [result];
  const intro: ChatText = { type: "text", text: `Attached to the result of ${tool} (${call_id}):` };
  return [result, { role: "user", content: contentOf([intro, ...media]) }];
}

/** What it thought before is not sent back: templates drop it. */
function assistantMessage(content: Extract<ChatMessage, { role: "assistant" }>["content"]): readonly Part[] {
  const text = textOf(content);
  const calls = content.filter((part) => part.type === "tool_call");
  if (text === "" && calls.length === 0) return [];
  const tool_calls = calls.map(({ call_id, tool, args }) => ({
    id: call_id,
    type: "function",
    function: { name: tool, arguments: typeof args === "string" ? args : JSON.stringify(args ?? {}) },
  }));
  return [{ role: "assistant", content: text, ...(calls.length > 0 ? { tool_calls } : {}) }];
}

function contentOf(content: readonly (ChatText | ChatMedia)[]): string | readonly Part[] {
  if (content.every((part) => part.type === "text")) return textOf(content);
  return content.map((part) => (part.type === "text" ? { type: "text", text: part.text } : mediaPart(part)));
}

function mediaPart({ mime, name, data }: ChatMedia): Part {
  if (mime.startsWith("image/")) return { type: "image_url", image_url: { url: `data:${mime};base64,${data}` } };
  const audio = /^audio\/(?:x-)?(wav|mpeg|mp3)$/.exec(mime)?.[1];
  if (audio !== undefined) {
    return { type: "input_audio", input_audio: { data, format: audio === "wav" ? "wav" : "mp3" } };
  }
  const title = name ?? "an attachment";
  if (!mime.startsWith("text/") && mime !== "application/json") {
    return { type: "text", text: `[${title} (${mime}) was attached; this model cannot read it]` };
  }
  return { type: "text", text: `${title}:\n${Buffer.from(data, "base64").toString()}` };
}

function textOf(content: readonly { readonly type: string; readonly text?: string }[]): string {
  return content.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join("");
}
