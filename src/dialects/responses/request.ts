/** Reads an OpenAI Responses request; what earlier responses and references stand for was put into `input` before. */
import * as z from "zod";
import type { ThinkingLevel } from "../../protocol/message.ts";
import type {
  ModelMedia,
  ModelMessage,
  ModelRequest,
  ModelText,
  ModelThinking,
  ModelToolCall,
  ResponseFormat,
  ToolChoice,
} from "../../sdk/provider.ts";
import type { Body } from "../dialect.ts";
import { readFields, refuseField } from "../wire/fields.ts";
import { readArguments, readDataUrl } from "../wire/media.ts";

const none = z.null().optional();
/** What the official client adds to an answer and sends back with it. */
const leftover = z.unknown().optional();
const id = z.string().nullish();
const status = z.enum(["in_progress", "completed", "incomplete"]).nullish();

const inputPart = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("input_text"), text: z.string() }),
  z.strictObject({
    type: z.literal("input_image"),
    image_url: z.string(),
    detail: z.enum(["auto", "low", "high", "original"]).nullish(),
  }),
  z.strictObject({
    type: z.literal("input_file"),
    file_data: z.string(),
    filename: z.string().optional(),
    detail: z.enum(["auto", "low", "high"]).optional(),
  }),
]);
const outputPart = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()).max(0).optional(),
    logprobs: z.array(z.unknown()).max(0).nullish(),
    parsed: leftover,
  }),
  z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.strictObject({ type: z.literal("input_text"), text: z.string() }),
]);

const type = z.literal("message").optional();
const messageItem = z.discriminatedUnion("role", [
  z.strictObject({
    type,
    role: z.enum(["user", "system", "developer"]),
    content: z.union([z.string(), z.array(inputPart)]),
    id,
    status,
    phase: none,
  }),
  z.strictObject({
    type,
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(outputPart)]),
    id,
    status,
    phase: z.enum(["commentary", "final_answer"]).nullish(),
  }),
]);
const otherItem = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    parsed_arguments: leftover,
    id,
    status,
    namespace: none,
    caller: none,
  }),
  z.strictObject({
    type: z.literal("function_call_output"),
    call_id: z.string(),
    output: z.union([z.string(), z.array(inputPart)]),
    id,
    status,
  }),
  z.strictObject({
    type: z.literal("reasoning"),
    summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
    content: z.array(z.unknown()).max(0).nullish(),
    encrypted_content: z.string().nullish(),
    id,
    status,
  }),
]);

const format = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: z.string(),
    description: z.string().optional(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

const schema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.record(z.string(), z.unknown())).min(1)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("function"),
        name: z.string().min(1),
        description: z.string().nullish(),
        parameters: z.record(z.string(), z.unknown()).nullish(),
        strict: z.boolean().nullish(),
      }),
    )
    .nullish(),
  tool_choice: z
    .union([z.enum(["auto", "none", "required"]), z.strictObject({ type: z.literal("function"), name: z.string() })])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.strictObject({ format: format.optional(), verbosity: z.literal("medium").nullish() }).nullish(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
      summary: z.enum(["auto", "concise", "detailed"]).nullish(),
    })
    .nullish(),
  /** Sealed reasoning is always sent along; the rest belongs to tools that are not carried over. */
  include: z.array(z.literal("reasoning.encrypted_content")).nullish(),
  max_output_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  truncation: z.literal("disabled").nullish(),
  top_logprobs: z.literal(0).nullish(),
  max_tool_calls: none,
  prompt: none,
  conversation: none,
  previous_response_id: none,
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
  service_tier: z.enum(["auto", "default"]).nullish(),
});

type Fields = z.output<typeof schema>;

export function parseResponsesRequest(body: Body): Omit<ModelRequest, "model"> {
  const fields = readFields(schema, body);
  const choice = choiceOf(fields.tool_choice);
  const responseFormat = formatOf(fields.text?.format);
  const { system, messages } = readInput(fields.input);
  return {
    system: fields.instructions ? [fields.instructions, ...system] : system,
    messages,
    tools: (fields.tools ?? []).map(({ name, description, parameters, strict }) => ({
      name,
      description: description ?? "",
      parameters: parameters ?? { type: "object", properties: {} },
      ...(typeof strict === "boolean" ? { strict } : {}),
    })),
    thinking: thinkingOf(fields.reasoning?.effort),
    ...(fields.max_output_tokens == null ? {} : { maxOutputTokens: fields.max_output_tokens }),
    ...(choice === undefined ? {} : { toolChoice: choice }),
    ...(fields.parallel_tool_calls == null ? {} : { parallelToolCalls: fields.parallel_tool_calls }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    ...(fields.temperature == null ? {} : { temperature: fields.temperature }),
    ...(fields.top_p == null ? {} : { topP: fields.top_p }),
  };
}

function thinkingOf(effort: string | null | undefined): ThinkingLevel {
  if (effort == null || effort === "none") return "off";
  if (effort === "minimal") return "low";
  return effort === "low" || effort === "medium" ? effort : "high";
}

function choiceOf(choice: Fields["tool_choice"]): ToolChoice | undefined {
  if (choice == null) return undefined;
  return typeof choice === "string" ? choice : { tool: choice.name };
}

function formatOf(wanted: z.output<typeof format> | undefined): ResponseFormat | undefined {
  if (wanted === undefined || wanted.type === "text") return undefined;
  if (wanted.type === "json_object") return { type: "json" };
  const { name, schema, strict } = wanted;
  return { type: "json_schema", name, schema, ...(typeof strict === "boolean" ? { strict } : {}) };
}

type Assistant = ModelText | ModelThinking | ModelToolCall;

function readInput(input: Fields["input"]): Pick<ModelRequest, "system" | "messages"> {
  if (typeof input === "string") return { system: [], messages: [{ role: "user", content: [text(input)] }] };
  const system: string[] = [];
  const messages: ModelMessage[] = [];
  const tools = new Map<string, string>();
  /** Items of one reply become one message. */
  const assistant = (...content: Assistant[]): void => {
    const last = messages.at(-1);
    if (last?.role === "assistant") messages[messages.length - 1] = { ...last, content: [...last.content, ...content] };
    else messages.push({ role: "assistant", content });
  };
  for (const [index, raw] of input.entries()) {
    const path = `input.${index}`;
    const isMessage = raw.type === "message" || (raw.type === undefined && "role" in raw);
    const item = isMessage ? readFields(messageItem, raw, path) : readFields(otherItem, raw, path);
    if ("role" in item) {
      if (item.role === "assistant") {
        assistant(...(typeof item.content === "string" ? [text(item.content)] : item.content.map(outputText)));
      } else if (item.role === "user") {
        messages.push({ role: "user", content: inputContent(item.content, `${path}.content`) });
      } else {
        if (messages.length > 0) throw refuseField(`${path}.role`, "cannot be carried over behind other messages");
        for (const part of inputContent(item.content, `${path}.content`)) {
          if (part.type === "text") system.push(part.text);
          else throw refuseField(`${path}.content`, "of instructions must be text");
        }
      }
      continue;
    }
    switch (item.type) {
      case "function_call":
        tools.set(item.call_id, item.name);
        assistant({ type: "tool_call", call_id: item.call_id, tool: item.name, args: readArguments(item.arguments) });
        break;
      case "reasoning": {
        const told = item.summary.map((part) => part.text).join("\n\n");
        if (told === "" && !item.encrypted_content) break;
        assistant({
          type: "thinking",
          text: told,
          ...(item.encrypted_content ? { signature: item.encrypted_content } : {}),
        });
        break;
      }
      case "function_call_output": {
        const tool = tools.get(item.call_id);
        if (tool === undefined) throw refuseField(`${path}.call_id`, "names no call of an item before it");
        const content = inputContent(item.output, `${path}.output`);
        messages.push({ role: "tool", call_id: item.call_id, tool, ok: true, content });
        break;
      }
    }
  }
  return { system, messages };
}

function text(value: string): ModelText {
  return { type: "text", text: value };
}

function outputText(part: z.output<typeof outputPart>): ModelText {
  return text(part.type === "refusal" ? part.refusal : part.text);
}

function inputContent(
  content: string | readonly z.output<typeof inputPart>[],
  path: string,
): (ModelText | ModelMedia)[] {
  if (typeof content === "string") return [text(content)];
  return content.map((part, index) => contentOf(part, `${path}.${index}`));
}

function contentOf(part: z.output<typeof inputPart>, path: string): ModelText | ModelMedia {
  switch (part.type) {
    case "input_text":
      return text(part.text);
    case "input_image":
      return readDataUrl(part.image_url, `${path}.image_url`);
    case "input_file":
      return readDataUrl(part.file_data, `${path}.file_data`, part.filename);
  }
}
