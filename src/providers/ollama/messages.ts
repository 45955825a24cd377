/** A conversation in the form of Ollama's chat API. */
import type { Message } from "ollama/browser";
import type { ModelMedia, ModelMessage, ModelText } from "../../sdk/provider.ts";
import { readAttachment, unreadable } from "../wire/attachment.ts";
import { argumentsOf } from "../wire/call-arguments.ts";

export function toOllamaMessages(system: readonly string[], messages: readonly ModelMessage[]): Message[] {
  const out: Message[] = system.length === 0 ? [] : [{ role: "system", content: system.join("\n\n") }];
  for (const message of messages) {
    if (message.role === "user") out.push({ role: "user", ...contentOf(message.content) });
    else if (message.role === "tool") {
      const { content, images } = contentOf(message.content);
      const text = message.ok ? content : `Error: ${content}`;
      out.push({ role: "tool", tool_name: message.tool, content: text, ...(images === undefined ? {} : { images }) });
    } else out.push(assistantMessage(message.content));
  }
  return out;
}

function assistantMessage(parts: Extract<ModelMessage, { role: "assistant" }>["content"]): Message {
  const thinking = parts.map((part) => (part.type === "thinking" ? part.text : "")).join("");
  const calls = parts.filter((part) => part.type === "tool_call");
  return {
    role: "assistant",
    content: parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
    ...(thinking === "" ? {} : { thinking }),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map(({ tool, args }) => ({ function: { name: tool, arguments: argumentsOf(args) } })) }),
  };
}

function contentOf(parts: readonly (ModelText | ModelMedia)[]): { content: string; images?: string[] } {
  const texts: string[] = [];
  const images: string[] = [];
  for (const part of parts) {
    if (part.type === "text") {
      texts.push(part.text);
      continue;
    }
    const attachment = readAttachment(part);
    if (attachment.kind === "image") images.push(attachment.base64);
    else texts.push(attachment.kind === "text" ? attachment.text : unreadable(part).text);
  }
  return { content: texts.join("\n\n"), ...(images.length === 0 ? {} : { images }) };
}
