/** A conversation in the form of OpenAI's Responses API. */
import type {
  FunctionTool,
  ResponseCreateParamsStreaming,
  ResponseInputContent,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import type { ModelMedia, ModelMessage, ModelRequest, ModelText, ModelThinking } from "../../sdk/provider.ts";
import { readAttachment, unreadable } from "../wire/attachment.ts";
import { argumentsOf } from "../wire/call-arguments.ts";
import { cannotCarryOut, checkToolChoice } from "../wire/request-fields.ts";

/**
 * The API keeps nothing of ours, so a model's thinking goes back sealed beside the calls that it led to. The seal is kept
 * as the signature of the thinking: `openai:<model>:<id> <content>`. Another model could not open it.
 */
const SEAL = "openai:";

export function sealReasoning(model: string, id: string, content: string): string {
  return `${SEAL}${model}:${id} ${content}`;
}

export function toInput(messages: readonly ModelMessage[], model: string): ResponseInputItem[] {
  return messages.flatMap((message): ResponseInputItem[] => {
    if (message.role === "user") return [{ role: "user", content: message.content.map(contentPart) }];
    if (message.role === "assistant") return assistantItems(message.content, model);
    return [{ type: "function_call_output", call_id: message.call_id, output: resultOf(message) }];
  });
}

type Assistant = Extract<ModelMessage, { role: "assistant" }>["content"];

function assistantItems(content: Assistant, model: string): ResponseInputItem[] {
  const items: ResponseInputItem[] = [];
  /** Thinking is refused without what it led to. */
  let pending: ResponseInputItem[] = [];
  const add = (item: ResponseInputItem) => {
    items.push(...pending, item);
    pending = [];
  };
  for (const part of content) {
    if (part.type === "thinking") pending.push(...reasoningItem(part, model));
    else if (part.type === "text") {
      if (part.text !== "") add({ role: "assistant", content: part.text });
    } else {
      const args = JSON.stringify(argumentsOf(part.args));
      add({ type: "function_call", call_id: part.call_id, name: part.tool, arguments: args });
    }
  }
  return items;
}

function reasoningItem({ text, signature }: ModelThinking, model: string): ResponseInputItem[] {
  const own = `${SEAL}${model}:`;
  if (!signature?.startsWith(own)) return [];
  const [id = "", content = ""] = signature.slice(own.length).split(" ");
  const summary = text === "" ? [] : [{ type: "summary_text" as const, text }];
  return [{ type: "reasoning", id, summary, encrypted_content: content }];
}

function resultOf({ content, ok }: Extract<ModelMessage, { role: "tool" }>): string | ResponseInputContent[] {
  if (content.every((part) => part.type === "text")) {
    const text = content.map((part) => part.text).join("");
    return ok ? text : `Error: ${text}`;
  }
  return [...(ok ? [] : [{ type: "input_text" as const, text: "Error:" }]), ...content.map(contentPart)];
}

function contentPart(part: ModelText | ModelMedia): ResponseInputContent {
  if (part.type === "text") return { type: "input_text", text: part.text };
  const attachment = readAttachment(part);
  if (attachment.kind === "text") return { type: "input_text", text: attachment.text };
  const url = `data:${attachment.mime};base64,${attachment.base64}`;
  if (attachment.kind === "image") return { type: "input_image", image_url: url, detail: "auto" };
  if (attachment.kind === "pdf") {
    return { type: "input_file", filename: part.name ?? "attachment.pdf", file_data: url };
  }
  return { type: "input_text", text: unreadable(part).text };
}

type Settings = Pick<
  ResponseCreateParamsStreaming,
  "tools" | "tool_choice" | "parallel_tool_calls" | "text" | "temperature" | "top_p"
>;

/** What a request asks for besides the conversation. Throws `bad_request` for what this API has not. */
export function toSettings(provider: string, request: ModelRequest): Settings {
  checkToolChoice(provider, request);
  const { tools, toolChoice, parallelToolCalls, responseFormat, temperature, topP, stop, seed } = request;
  if (stop !== undefined && stop.length > 0)
    throw cannotCarryOut(provider, "stop", "the Responses API has no such field");
  if (seed !== undefined) throw cannotCarryOut(provider, "seed", "the Responses API has no such field");
  return {
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(
            ({ name, description, parameters, strict = false }): FunctionTool => ({
              type: "function",
              name,
              description,
              parameters: { ...parameters },
              // The default would refuse schemas with optional keys.
              strict,
            }),
          ),
          ...(toolChoice === undefined
            ? {}
            : {
                tool_choice: typeof toolChoice === "string" ? toolChoice : { type: "function", name: toolChoice.tool },
              }),
          ...(parallelToolCalls === undefined ? {} : { parallel_tool_calls: parallelToolCalls }),
        }),
    ...(responseFormat === undefined ? {} : { text: { format: formatOf(responseFormat) } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}

function formatOf(format: NonNullable<ModelRequest["responseFormat"]>) {
  if (format.type === "json") return { type: "json_object" as const };
  const { type, name, schema, strict } = format;
  return { type, name, schema: { ...schema }, ...(strict === undefined ? {} : { strict }) };
}
