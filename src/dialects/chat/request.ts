/** Reads a Chat Completions request. */
import * as z from "zod";
import type { ThinkingLevel } from "../../protocol/message.ts";
import type {
  ModelMedia,
  ModelMessage,
  ModelRequest,
  ModelText,
  ResponseFormat,
  ToolChoice,
} from "../../sdk/provider.ts";
import type { Body } from "../dialect.ts";
import { readFields, refuseField } from "../wire/fields.ts";
import { readArguments, readBase64, readDataUrl } from "../wire/media.ts";

/** Values that say what holds anyway. */
const none = z.null().optional();
/** What the official client adds to an answer and sends back with it. */
const leftover = z.unknown().optional();
const unset = <T extends z.core.util.Literal>(value: T) => z.literal(value).nullish();

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const refusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const imagePart = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(["auto", "low", "high", "original"]).optional() }),
});
const audioPart = z.strictObject({
  type: z.literal("input_audio"),
  input_audio: z.strictObject({ data: z.string(), format: z.enum(["wav", "mp3"]) }),
});
const filePart = z.strictObject({
  type: z.literal("file"),
  file: z.strictObject({ file_data: z.string(), filename: z.string().optional() }),
});
const userPart = z.discriminatedUnion("type", [textPart, imagePart, audioPart, filePart]);
const toolCall = z.strictObject({
  id: z.string(),
  type: z.literal("function"),
  function: z.strictObject({ name: z.string(), arguments: z.string(), parsed_arguments: leftover }),
  index: leftover,
});
const texts = z.union([z.string(), z.array(textPart)]);
const name = z.string().optional();

const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.enum(["system", "developer"]), content: texts, name }),
  z.strictObject({ role: z.literal("user"), content: z.union([z.string(), z.array(userPart)]), name }),
  z.strictObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))]).nullish(),
    refusal: z.string().nullish(),
    reasoning_content: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
    annotations: z.array(z.unknown()).max(0).nullish(),
    audio: none,
    function_call: none,
    parsed: leftover,
    name,
  }),
  // The name, which OpenAI's own examples put here, is that of the call.
  z.strictObject({ role: z.literal("tool"), tool_call_id: z.string(), content: texts, name }),
]);

const tool = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
});

const format = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** What is carried over, what only names the caller or the bill, and what may only say what holds anyway. */
const schema = z.strictObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .union([
      z.enum(["auto", "none", "required"]),
      z.strictObject({ type: z.literal("function"), function: z.strictObject({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: format.nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
  user: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  service_tier: z.enum(["auto", "default"]).nullish(),
  store: z.boolean().nullish(),
  n: unset(1),
  logprobs: unset(false),
  top_logprobs: unset(0),
  frequency_penalty: unset(0),
  presence_penalty: unset(0),
  logit_bias: z.strictObject({}).nullish(),
  modalities: z.tuple([z.literal("text")]).nullish(),
  audio: none,
  prediction: none,
  web_search_options: none,
  functions: none,
  function_call: none,
  verbosity: unset("medium"),
});

type Fields = z.output<typeof schema>;

export function parseChatRequest(body: Body): Omit<ModelRequest, "model"> {
  const fields = readFields(schema, body);
  const choice = toolChoice(fields.tool_choice);
  const responseFormat = formatOf(fields.response_format);
  const maxOutputTokens = fields.max_completion_tokens ?? fields.max_tokens;
  const stop = typeof fields.stop === "string" ? [fields.stop] : fields.stop;
  return {
    ...readMessages(fields.messages),
    tools: (fields.tools ?? []).map(({ function: { name, description = "", parameters, strict } }) => ({
      name,
      description,
      parameters: parameters ?? { type: "object", properties: {} },
      ...(typeof strict === "boolean" ? { strict } : {}),
    })),
    thinking: thinkingOf(fields.reasoning_effort),
    ...(maxOutputTokens == null ? {} : { maxOutputTokens }),
    ...(choice === undefined ? {} : { toolChoice: choice }),
    ...(fields.parallel_tool_calls == null ? {} : { parallelToolCalls: fields.parallel_tool_calls }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
    ...(fields.temperature == null ? {} : { temperature: fields.temperature }),
    ...(fields.top_p == null ? {} : { topP: fields.top_p }),
    ...(stop == null || stop.length === 0 ? {} : { stop }),
    ...(fields.seed == null ? {} : { seed: fields.seed }),
  };
}

/** Levels that only some models have become the nearest that all have. */
export function thinkingOf(effort: string | null | undefined): ThinkingLevel {
  if (effort == null || effort === "none") return "off";
  if (effort === "minimal") return "low";
  return effort === "low" || effort === "medium" ? effort : "high";
}

function toolChoice(choice: Fields["tool_choice"]): ToolChoice | undefined {
  if (choice == null) return undefined;
  return typeof choice === "string" ? choice : { tool: choice.function.name };
}

function formatOf(wanted: Fields["response_format"]): ResponseFormat | undefined {
  if (wanted == null || wanted.type === "text") return undefined;
  if (wanted.type === "json_object") return { type: "json" };
  const { name, schema = {}, strict } = wanted.json_schema;
  return { type: "json_schema", name, schema, ...(typeof strict === "boolean" ? { strict } : {}) };
}

function readMessages(messages: Fields["messages"]): Pick<ModelRequest, "system" | "messages"> {
  const system: string[] = [];
  const out: ModelMessage[] = [];
  const tools = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const path = `messages.${index}`;
    switch (message.role) {
      case "system":
      case "developer":
        if (out.length > 0) throw refuseField(`${path}.role`, "cannot be carried over behind other messages");
        system.push(joined(message.content));
        break;
      case "user":
        out.push({ role: "user", content: userContent(message.content, `${path}.content`) });
        break;
      case "assistant": {
        const text = typeof message.content === "string" ? message.content : assistantText(message.content ?? []);
        const calls = message.tool_calls ?? [];
        for (const call of calls) tools.set(call.id, call.function.name);
        out.push({
          role: "assistant",
          content: [
            ...(message.reasoning_content ? [{ type: "thinking" as const, text: message.reasoning_content }] : []),
            ...(text === "" ? [] : [{ type: "text" as const, text }]),
            ...(message.refusal ? [{ type: "text" as const, text: message.refusal }] : []),
            ...calls.map((call) => ({
              type: "tool_call" as const,
              call_id: call.id,
              tool: call.function.name,
              args: readArguments(call.function.arguments),
            })),
          ],
        });
        break;
      }
      case "tool": {
        const tool = tools.get(message.tool_call_id);
        if (tool === undefined) throw refuseField(`${path}.tool_call_id`, "names no call of a message before it");
        const content = [{ type: "text" as const, text: joined(message.content) }];
        out.push({ role: "tool", call_id: message.tool_call_id, tool, ok: true, content });
        break;
      }
    }
  }
  return { system, messages: out };
}

function joined(content: string | readonly { readonly text: string }[]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}

function assistantText(
  parts: readonly ({ readonly type: "text"; readonly text: string } | { type: "refusal"; readonly refusal: string })[],
): string {
  return parts.map((part) => (part.type === "text" ? part.text : part.refusal)).join("");
}

function userContent(content: string | readonly z.output<typeof userPart>[], path: string): (ModelText | ModelMedia)[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part, index) => contentOf(part, `${path}.${index}`));
}

function contentOf(part: z.output<typeof userPart>, path: string): ModelText | ModelMedia {
  switch (part.type) {
    case "text":
      return part;
    case "image_url":
      return readDataUrl(part.image_url.url, `${path}.image_url.url`);
    case "input_audio": {
      const { data, format } = part.input_audio;
      return readBase64(data, format === "wav" ? "audio/wav" : "audio/mpeg", `${path}.input_audio.data`);
    }
    case "file":
      return readDataUrl(part.file.file_data, `${path}.file.file_data`, part.file.filename);
  }
}
