/** The body of a request by an adapter's template, or the refusal of what the template has no place for. */
import type { ModelMessage, ModelRequest } from "../../sdk/provider.ts";
import { readAttachment, unreadable } from "../wire/attachment.ts";
import { toChatMessages, toChatTools } from "../wire/chat-messages.ts";
import { chatSettings } from "../wire/chat-settings.ts";
import { cannotCarryOut, type RequestField } from "../wire/request-fields.ts";
import type { StandingAdapter } from "./schema.ts";
import { fillTemplate, placeholdersOf, type Values } from "./template.ts";

type Template = StandingAdapter["request"];

/** What a person may ask for that the template must then have a place for. */
const FIELDS: readonly RequestField[] = [
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "max_tokens",
  "temperature",
  "top_p",
  "stop",
  "seed",
];

export function toBody(provider: string, request: ModelRequest, template: Template): unknown {
  const names = new Set(placeholdersOf(template.body).map(({ name }) => name));
  // Without a place for tools the model calls none, which it is free to do unless it must.
  const tools = names.has("tools") ? request.tools : [];
  const settings: Values = {
    ...chatSettings(provider, { ...request, tools }, true),
    max_tokens: request.maxOutputTokens,
  };
  for (const field of FIELDS) {
    if (settings[field] === undefined || names.has(field)) continue;
    throw cannotCarryOut(provider, field, "its protocol adapter has no place for it");
  }
  return fillTemplate(template.body, {
    ...settings,
    model: request.model,
    system: request.system.length === 0 ? undefined : request.system.join("\n\n"),
    prompt: promptOf(request),
    messages: messagesOf(request, template, names.has("system")),
    tools: tools.length === 0 ? undefined : toolsOf(tools, template),
    thinking: request.thinking === "off" ? undefined : request.thinking,
  });
}

function toolsOf(tools: ModelRequest["tools"], { tool }: Template): unknown[] {
  if (tool === undefined) return toChatTools(tools);
  return tools.map(({ name, description, parameters }) => fillTemplate(tool, { name, description, parameters }));
}

/** In the form of Chat Completions, or each by the adapter's own template. */
function messagesOf({ system, messages }: ModelRequest, template: Template, systemElsewhere: boolean): unknown[] {
  const { message: each, roles = {} } = template;
  const own = systemElsewhere ? [] : system;
  if (each === undefined) {
    return toChatMessages(own, messages, { files: false }).map((message) => ({
      ...message,
      role: (roles as Record<string, string>)[message.role] ?? message.role,
    }));
  }
  const first = own.length === 0 ? [] : [{ role: roles.system ?? "system", text: own.join("\n\n") }];
  const others = messages.map((message) => ({ role: roles[message.role] ?? message.role, text: textOf(message) }));
  return [...first, ...others].filter(({ text }) => text !== "").map((values) => fillTemplate(each, values));
}

/** The conversation as one text. */
function promptOf({ messages }: ModelRequest): string {
  const [only] = messages;
  if (messages.length === 1 && only?.role === "user") return textOf(only);
  const names = { user: "User", assistant: "Assistant", tool: "Tool" };
  return [...messages.map((message) => `${names[message.role]}: ${textOf(message)}`), "Assistant:"].join("\n\n");
}

/** Calls and results, which another model of the conversation may have made, as text. */
function textOf(message: ModelMessage): string {
  if (message.role === "assistant") {
    return message.content
      .flatMap((part) => {
        if (part.type === "text") return [part.text];
        return part.type === "tool_call" ? [`[Called ${part.tool} with ${JSON.stringify(part.args)}]`] : [];
      })
      .join("\n");
  }
  const text = message.content
    .map((part) => {
      if (part.type === "text") return part.text;
      const attachment = readAttachment(part);
      return attachment.kind === "text" ? attachment.text : unreadable(part).text;
    })
    .join("\n");
  if (message.role === "user") return text;
  return `[${message.ok ? "Result" : "Error"} of ${message.tool}]\n${text}`;
}
