/** ChatGPT's export: `conversations.json`, each conversation a tree of messages with the branch that is shown. */
import type { ImportedConversation, ImportedMessage } from "../protocol/imported.ts";
import type { MessagePart } from "../protocol/message.ts";
import {
  conversationOf,
  type Fault,
  type Fields,
  fileNote,
  isFields,
  LeftOut,
  limited,
  type Reading,
  textOf,
  timeOf,
} from "./reading.ts";

export function isChatGpt(value: unknown): boolean {
  const [first] = Array.isArray(value) ? value : [value];
  return isFields(first) && isFields(first.mapping);
}

export function readChatGpt(value: unknown): Reading {
  const faults: Fault[] = [];
  const leftOut = new LeftOut();
  const conversations: ImportedConversation[] = [];
  for (const [at, one] of (Array.isArray(value) ? value : [value]).entries()) {
    const read = isFields(one) ? readConversation(one, leftOut) : undefined;
    if (read === undefined) faults.push({ line: undefined, message: `conversation ${at + 1} of the file is none` });
    else if (read.messages.length > 0) conversations.push(read);
  }
  return { source: "chatgpt", conversations, faults, leftOut };
}

function readConversation(fields: Fields, leftOut: LeftOut): ImportedConversation | undefined {
  const id = textOf(fields.conversation_id) ?? textOf(fields.id);
  if (id === undefined || !isFields(fields.mapping)) return undefined;
  const { mapping } = fields;
  const created = timeOf(fields.create_time);
  const branch = branchOf(mapping, fields.current_node);
  const messages: ImportedMessage[] = [];
  for (const node of branch) {
    const message = mapping[node];
    if (!isFields(message) || !isFields(message.message)) continue;
    const before = messages.at(-1)?.ts ?? created ?? 0;
    messages.push(
      ...messageOf(node.slice(0, 200), message.message, timeOf(message.message.create_time) ?? before, leftOut),
    );
  }
  const onBranch = new Set(branch);
  for (const [node, { message } = {} as Fields] of Object.entries(mapping).filter(hasFields)) {
    if (!onBranch.has(node) && isFields(message) && isShown(message))
      leftOut.add("messages of branches that were left");
  }
  return conversationOf(id, textOf(fields.title), messages, created);
}

function hasFields(pair: [string, unknown]): pair is [string, Fields] {
  return isFields(pair[1]);
}

/** From the root to the message that is shown last. Without that one: the way of the newest children. */
function branchOf(mapping: Fields, current: unknown): readonly string[] {
  const branch: string[] = [];
  const seen = new Set<string>();
  let node = typeof current === "string" && isFields(mapping[current]) ? current : newestLeaf(mapping);
  while (node !== undefined && !seen.has(node)) {
    seen.add(node);
    branch.push(node);
    const { parent } = (isFields(mapping[node]) ? mapping[node] : {}) as Fields;
    node = typeof parent === "string" && isFields(mapping[parent]) ? parent : undefined;
  }
  return branch.reverse();
}

function newestLeaf(mapping: Fields): string | undefined {
  let newest: { readonly node: string; readonly ts: number } | undefined;
  for (const [node, { children, message }] of Object.entries(mapping).filter(hasFields)) {
    if (Array.isArray(children) && children.length > 0) continue;
    const ts = (isFields(message) ? timeOf(message.create_time) : undefined) ?? 0;
    if (newest === undefined || ts >= newest.ts) newest = { node, ts };
  }
  return newest?.node;
}

function roleOf({ author }: Fields): string | undefined {
  return isFields(author) ? textOf(author.role) : undefined;
}

/** What the page shows as well: not the set-up that comes before the first words. */
function isShown(message: Fields): boolean {
  const { metadata } = message;
  if (isFields(metadata) && metadata.is_visually_hidden_from_conversation === true) return false;
  return roleOf(message) === "user" || roleOf(message) === "assistant" || roleOf(message) === "tool";
}

function messageOf(entry: string, message: Fields, ts: number, leftOut: LeftOut): ImportedMessage[] {
  if (!isShown(message)) return [];
  const common = { entry, status: "complete", model: null, ts } as const;
  const { metadata, recipient, content } = message;
  const text = contentText(content, leftOut);
  if (text === "") return [];
  const role = roleOf(message);
  const slug = isFields(metadata) ? textOf(metadata.model_slug) : undefined;
  const model = slug === undefined ? null : `openai/${slug}`.slice(0, 200);
  if (role === "user") return [{ ...common, role: "user", parts: [{ type: "text", text }] }];
  if (role === "tool") {
    // Its call stands before it and has no name; that of this message serves for both.
    const tool = (isFields(message.author) ? textOf(message.author.name) : undefined) ?? "tool";
    return [
      {
        ...common,
        entry: `${entry}:call`.slice(0, 200),
        role: "assistant",
        parts: [{ type: "tool_call", call_id: entry, tool, args: {} }],
      },
      { ...common, role: "tool", parts: [{ type: "tool_result", call_id: entry, tool, status: "ok", text }] },
    ];
  }
  const kind = isFields(content) ? content.content_type : undefined;
  const isThinking = kind === "thoughts" || kind === "reasoning_recap";
  // What it wrote to a tool: code, a search. It is shown, but was not said to the person.
  const isForTool = typeof recipient === "string" && recipient !== "all";
  const words = isForTool ? `\`${recipient}\`\n\n\`\`\`\n${text}\n\`\`\`` : text;
  const part: MessagePart = isThinking ? { type: "thinking", text } : { type: "text", text: words };
  return [{ ...common, role: "assistant", parts: [part], model }];
}

function contentText(content: unknown, leftOut: LeftOut): string {
  if (!isFields(content)) return "";
  const { parts, text, thoughts } = content;
  const pieces: unknown[] = Array.isArray(parts)
    ? parts
    : Array.isArray(thoughts)
      ? thoughts
      : [text ?? content.content ?? content.result];
  const texts = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    if (!isFields(piece)) return "";
    const own = textOf(piece.text) ?? textOf(piece.content);
    if (own !== undefined) return own;
    const kind = textOf(piece.content_type);
    const note = kind?.endsWith("_pointer") ? fileNote(kind.split("_")[0]!, leftOut) : undefined;
    return note?.type === "text" ? note.text : "";
  });
  return limited(texts.filter((piece) => piece !== "").join("\n"), leftOut);
}
