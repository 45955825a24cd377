/**
 * Sessions of OpenClaw: `~/.openclaw/agents/<agent>/sessions/<session>.jsonl`, in the form of pi's session files (versions
 * 1 to 3): a header, then entries that each name the one before.
 */
import type { ImportedMessage } from "../protocol/imported.ts";
import type { MessagePart } from "../protocol/message.ts";
import {
  conversationOf,
  currentBranch,
  type Fault,
  type Fields,
  fileNote,
  isFields,
  LeftOut,
  type Line,
  limited,
  type Node,
  type Reading,
  readLines,
  textOf,
  textPart,
  timeOf,
} from "./reading.ts";

export function isOpenClaw({ fields }: Line): boolean {
  return fields.type === "session" && typeof fields.id === "string" && timeOf(fields.timestamp) !== undefined;
}

export function readOpenClaw(text: string, fileName: string): Reading {
  const faults: Fault[] = [];
  const leftOut = new LeftOut();
  const lines = readLines(text, faults);
  const header = lines.find(isOpenClaw)?.fields;
  let title: string | undefined;
  const nodes: Node<Line>[] = [];
  for (const line of lines) {
    const { type, id, parentId, name } = line.fields;
    if (type === "session") continue;
    if (type === "session_info") title = textOf(name) ?? title;
    const before = nodes.at(-1)?.id;
    // The first version had no names: each line follows the one before.
    nodes.push({
      id: textOf(id) ?? `line-${line.number}`,
      parent: textOf(id) ? textOf(parentId) : before,
      value: line,
    });
  }
  const branch = currentBranch(nodes);
  const messages: ImportedMessage[] = [];
  for (const { id, value } of nodes) {
    const { number, fields } = value;
    if (fields.type === "custom_message" || fields.type === "compaction" || fields.type === "branch_summary") {
      leftOut.add("notes of the program itself");
    }
    if (fields.type !== "message") continue;
    if (!branch.has(value)) {
      leftOut.add("messages of branches that were left");
      continue;
    }
    const { message } = fields;
    const ts = isFields(message) ? (timeOf(message.timestamp) ?? timeOf(fields.timestamp)) : undefined;
    if (!isFields(message) || ts === undefined)
      faults.push({ line: number, message: "a message without content or date" });
    else messages.push(...messageOf(id.slice(0, 200), message, ts, leftOut));
  }
  const id = textOf(header?.id) ?? fileName.replace(/\.jsonl$/, "");
  const conversations = messages.length > 0 ? [conversationOf(id, title, messages, timeOf(header?.timestamp))] : [];
  return { source: "openclaw", conversations, faults, leftOut };
}

function messageOf(entry: string, message: Fields, ts: number, leftOut: LeftOut): ImportedMessage[] {
  const common = { entry, status: "complete", model: null, ts } as const;
  const blocks = blocksOf(message.content);
  switch (message.role) {
    case "user": {
      const parts = blocks.flatMap((block) => wordsOf(block, leftOut));
      return parts.length === 0 ? [] : [{ ...common, role: "user", parts }];
    }
    case "assistant": {
      const parts = blocks.flatMap((block) => assistantPart(block, leftOut));
      const provider = textOf(message.provider);
      const model = textOf(message.model);
      const name = provider && model ? `${provider}/${model}` : (model ?? null);
      const { stopReason } = message;
      const status = stopReason === "aborted" ? "interrupted" : stopReason === "error" ? "failed" : "complete";
      return parts.length === 0
        ? []
        : [{ ...common, role: "assistant", parts, status, model: name?.slice(0, 200) ?? null }];
    }
    case "toolResult": {
      const texts = blocks
        .flatMap((block) => wordsOf(block, leftOut))
        .flatMap((part) => ("text" in part ? part.text : []));
      const part: MessagePart = {
        type: "tool_result",
        call_id: textOf(message.toolCallId) ?? entry,
        tool: textOf(message.toolName) ?? "tool",
        status: message.isError === true ? "error" : "ok",
        text: limited(texts.join("\n"), leftOut),
      };
      return [{ ...common, role: "tool", parts: [part] }];
    }
    default:
      leftOut.add("notes of the program itself");
      return [];
  }
}

function blocksOf(content: unknown): readonly Fields[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content.filter(isFields) : [];
}

function wordsOf(block: Fields, leftOut: LeftOut): MessagePart[] {
  if (block.type === "text" && textOf(block.text)) return [textPart(String(block.text), leftOut)];
  return block.type === "image" ? [fileNote(textOf(block.mimeType) ?? "image", leftOut)] : [];
}

function assistantPart(block: Fields, leftOut: LeftOut): MessagePart[] {
  if (block.type === "thinking" && textOf(block.thinking)) {
    return [{ type: "thinking", text: limited(String(block.thinking), leftOut) }];
  }
  if (block.type === "toolCall" && textOf(block.id) && textOf(block.name)) {
    return [{ type: "tool_call", call_id: String(block.id), tool: String(block.name), args: block.arguments ?? {} }];
  }
  return wordsOf(block, leftOut);
}
