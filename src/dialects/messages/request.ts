/** Reads an Anthropic Messages request. */
import * as z from "zod";
import type { ThinkingLevel } from "../../protocol/message.ts";
import type {
  ModelMedia,
  ModelMessage,
  ModelRequest,
  ModelText,
  ModelThinking,
  ModelToolCall,
} from "../../sdk/provider.ts";
import type { Body } from "../dialect.ts";
import { readFields, refuseField } from "../wire/fields.ts";
import { readBase64 } from "../wire/media.ts";

/** Marks what may be cached: it changes the bill and not the answer, and each provider caches in its own way. */
const cache_control = z.unknown().optional();

const textBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  citations: z.array(z.unknown()).max(0).nullish(),
  cache_control,
});
const base64Source = z.strictObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() });
const imageBlock = z.strictObject({ type: z.literal("image"), source: base64Source, cache_control });
const documentBlock = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    base64Source,
    z.strictObject({ type: z.literal("text"), media_type: z.literal("text/plain"), data: z.string() }),
  ]),
  title: z.string().nullish(),
  citations: z.strictObject({ enabled: z.literal(false) }).nullish(),
  cache_control,
});
const resultPart = z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock]);
const resultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(resultPart)]).optional(),
  is_error: z.boolean().optional(),
  cache_control,
});
const userBlock = z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock, resultBlock]);
const assistantBlock = z.discriminatedUnion("type", [
  textBlock,
  z.strictObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().optional() }),
  z.strictObject({ type: z.literal("redacted_thinking"), data: z.string() }),
  z.strictObject({
    type: z.literal("tool_use"),
    id: z.string(),
    name: z.string(),
    input: z.unknown(),
    caller: z.unknown().optional(),
    cache_control,
  }),
]);

const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(userBlock)]) }),
  z.strictObject({ role: z.literal("assistant"), content: z.union([z.string(), z.array(assistantBlock)]) }),
]);

const tool = z.strictObject({
  type: z.literal("custom").nullish(),
  name: z.string().min(1),
  description: z.string().optional(),
  input_schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().optional(),
  eager_input_streaming: z.boolean().nullish(),
  cache_control,
});

const parallel = { disable_parallel_tool_use: z.boolean().optional() };
const jsonFormat = z.strictObject({ type: z.literal("json_schema"), schema: z.record(z.string(), z.unknown()) });

const schema = z.strictObject({
  model: z.string(),
  max_tokens: z.int().positive(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  stream: z.boolean().optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("auto"), ...parallel }),
      z.strictObject({ type: z.literal("any"), ...parallel }),
      z.strictObject({ type: z.literal("tool"), name: z.string(), ...parallel }),
      z.strictObject({ type: z.literal("none") }),
    ])
    .optional(),
  thinking: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("disabled") }),
      z.strictObject({ type: z.literal("adaptive"), display: z.enum(["summarized", "omitted"]).nullish() }),
      z.strictObject({
        type: z.literal("enabled"),
        budget_tokens: z.int(),
        display: z.enum(["summarized", "omitted"]).nullish(),
      }),
    ])
    .optional(),
  output_config: z
    .strictObject({
      effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
      format: jsonFormat.nullish(),
    })
    .optional(),
  output_format: jsonFormat.nullish(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  stop_sequences: z.array(z.string()).optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  cache_control,
});

type Fields = z.output<typeof schema>;

export function parseMessagesRequest(body: Body): Omit<ModelRequest, "model"> {
  const fields = readFields(schema, body);
  const format = fields.output_config?.format ?? fields.output_format;
  const { tool_choice: choice, stop_sequences: stop } = fields;
  return {
    system: typeof fields.system === "string" ? [fields.system] : (fields.system ?? []).map(({ text }) => text),
    messages: readMessages(fields.messages),
    tools: (fields.tools ?? []).map(({ name, description = "", input_schema, strict }) => ({
      name,
      description,
      parameters: input_schema,
      ...(strict === undefined ? {} : { strict }),
    })),
    thinking: thinkingOf(fields),
    maxOutputTokens: fields.max_tokens,
    ...(choice === undefined ? {} : { toolChoice: choiceOf(choice) }),
    ...(choice !== undefined && "disable_parallel_tool_use" in choice
      ? { parallelToolCalls: choice.disable_parallel_tool_use !== true }
      : {}),
    ...(format == null
      ? {}
      : { responseFormat: { type: "json_schema", name: "answer", schema: format.schema, strict: true } as const }),
    ...(fields.temperature === undefined ? {} : { temperature: fields.temperature }),
    ...(fields.top_p === undefined ? {} : { topP: fields.top_p }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
  };
}

function choiceOf(choice: NonNullable<Fields["tool_choice"]>): NonNullable<ModelRequest["toolChoice"]> {
  if (choice.type === "tool") return { tool: choice.name };
  return choice.type === "any" ? "required" : choice.type;
}

/** A budget becomes the level whose own budget is the nearest. */
function thinkingOf({ thinking, output_config }: Fields): ThinkingLevel {
  const effort = output_config?.effort;
  if (thinking?.type === "disabled") return "off";
  if (effort != null) return effort === "low" || effort === "medium" ? effort : "high";
  if (thinking === undefined) return "off";
  if (thinking.type === "adaptive") return "medium";
  if (thinking.budget_tokens <= 6_000) return "low";
  return thinking.budget_tokens <= 15_000 ? "medium" : "high";
}

function readMessages(messages: Fields["messages"]): ModelMessage[] {
  const out: ModelMessage[] = [];
  const tools = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const path = `messages.${index}.content`;
    if (typeof message.content === "string") {
      out.push({ role: message.role, content: [{ type: "text", text: message.content }] });
      continue;
    }
    if (message.role === "assistant") {
      for (const block of message.content) if (block.type === "tool_use") tools.set(block.id, block.name);
      out.push({ role: "assistant", content: message.content.map(spokenOf) });
      continue;
    }
    // Results come first, as they must behind calls.
    const rest: (ModelText | ModelMedia)[] = [];
    for (const [at, block] of message.content.entries()) {
      if (block.type !== "tool_result") {
        rest.push(contentOf(block, `${path}.${at}`));
        continue;
      }
      const tool = tools.get(block.tool_use_id);
      if (tool === undefined) throw refuseField(`${path}.${at}.tool_use_id`, "names no call of a message before it");
      const parts =
        typeof block.content === "string" ? [{ type: "text" as const, text: block.content }] : block.content;
      out.push({
        role: "tool",
        call_id: block.tool_use_id,
        tool,
        ok: block.is_error !== true,
        content: (parts ?? []).map((part, inner) => contentOf(part, `${path}.${at}.content.${inner}`)),
      });
    }
    if (rest.length > 0) out.push({ role: "user", content: rest });
  }
  return out;
}

function spokenOf(block: z.output<typeof assistantBlock>): ModelText | ModelThinking | ModelToolCall {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text };
    case "thinking":
      return { type: "thinking", text: block.thinking, ...(block.signature ? { signature: block.signature } : {}) };
    case "redacted_thinking":
      return { type: "thinking", text: "", signature: block.data };
    case "tool_use":
      return { type: "tool_call", call_id: block.id, tool: block.name, args: block.input };
  }
}

function contentOf(block: z.output<typeof resultPart>, path: string): ModelText | ModelMedia {
  if (block.type === "text") return { type: "text", text: block.text };
  const name = block.type === "document" && block.title != null ? block.title : undefined;
  if (block.source.type === "text") {
    const data = new TextEncoder().encode(block.source.data);
    return { type: "media", mime: "text/plain", ...(name === undefined ? {} : { name }), data };
  }
  return readBase64(block.source.data, block.source.media_type, `${path}.source.data`, name);
}
