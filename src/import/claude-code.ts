/**
 * Sessions of Claude Code: `~/.claude/projects/<folder>/<session>.jsonl`. The form is not documented by its makers; this
 * follows what its versions 2.x write.
 */
import type { ImportedMessage } from "../protocol/imported.ts";
import type { MessagePart, ToolResultPart } from "../protocol/message.ts";
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

export function isClaudeCode({ fields }: Line): boolean {
  if (fields.type === "summary") return typeof fields.leafUuid === "string";
  return typeof fields.sessionId === "string" && typeof fields.type === "string";
}

export function readClaudeCode(text: string, fileName: string): Reading {
  const faults: Fault[] = [];
  const leftOut = new LeftOut();
  const lines = readLines(text, faults);
  const nodes: Node<Line>[] = [];
  let title: string | undefined;
  let session: string | undefined;
  for (const line of lines) {
    const { fields } = line;
    session ??= textOf(fields.sessionId);
    title = textOf(fields.customTitle) ?? textOf(fields.summary) ?? textOf(fields.aiTitle) ?? title;
    const id = textOf(fields.uuid);
    if (id === undefined) {
      if (isSaid(fields)) faults.push({ line: line.number, message: "a message without a uuid" });
      continue;
    }
    if (fields.isSidechain === true) {
      if (isSaid(fields)) leftOut.add("messages of subagents");
      continue;
    }
    // Behind a compaction the chain goes on under another name.
    nodes.push({ id, parent: textOf(fields.parentUuid) ?? textOf(fields.logicalParentUuid), value: line });
  }
  const kept = withParallelCalls(nodes, currentBranch(nodes));
  const messages = new Messages(leftOut, faults);
  for (const { value } of nodes) {
    if (!isSaid(value.fields)) continue;
    if (kept.has(value)) messages.add(value);
    else leftOut.add("messages of branches that were left");
  }
  const id = session ?? fileName.replace(/\.jsonl$/, "");
  const conversations = messages.all.length > 0 ? [conversationOf(id, title, messages.all, undefined)] : [];
  return { source: "claude-code", conversations, faults, leftOut };
}

function isSaid({ type }: Fields): boolean {
  return type === "user" || type === "assistant";
}

/** Calls that were made together stand in lines of their own, of which only one leads on. */
function withParallelCalls(nodes: readonly Node<Line>[], branch: ReadonlySet<Line>): ReadonlySet<Line> {
  const kept = new Set(branch);
  const replies = new Set([...branch].flatMap(({ fields }) => replyId(fields) ?? []));
  const calls = new Set<string>();
  for (const { value } of nodes) {
    const reply = replyId(value.fields);
    if (reply !== undefined && replies.has(reply)) kept.add(value);
    if (kept.has(value))
      for (const block of blocksOf(value.fields)) if (typeof block.id === "string") calls.add(block.id);
  }
  for (const { value } of nodes) {
    const answers = blocksOf(value.fields).map(({ tool_use_id }) => tool_use_id);
    if (answers.some((call) => typeof call === "string" && calls.has(call))) kept.add(value);
  }
  return kept;
}

function replyId({ type, message }: Fields): string | undefined {
  return type === "assistant" && isFields(message) ? textOf(message.id) : undefined;
}

function blocksOf({ message }: Fields): readonly Fields[] {
  return isFields(message) && Array.isArray(message.content) ? message.content.filter(isFields) : [];
}

class Messages {
  readonly all: ImportedMessage[] = [];
  readonly #leftOut: LeftOut;
  readonly #faults: Fault[];
  readonly #replies = new Map<string, number>();
  readonly #tools = new Map<string, string>();

  constructor(leftOut: LeftOut, faults: Fault[]) {
    this.#leftOut = leftOut;
    this.#faults = faults;
  }

  add({ number, fields }: Line): void {
    const { message, uuid, timestamp } = fields;
    // Written by the program, not by the person: notes to the model and the summary of what stands here in full.
    if (fields.isMeta === true || fields.isCompactSummary === true || fields.isApiErrorMessage === true) {
      this.#leftOut.add("notes of the program itself");
      return;
    }
    const ts = timeOf(timestamp) ?? this.all.at(-1)?.ts;
    if (
      !isFields(message) ||
      ts === undefined ||
      !(typeof message.content === "string" || Array.isArray(message.content))
    ) {
      this.#faults.push({ line: number, message: "a message without content or date" });
      return;
    }
    const said = typeof message.content === "string" ? [{ type: "text", text: message.content }] : blocksOf(fields);
    const entry = String(uuid);
    if (fields.type === "assistant") this.#assistant(entry, said, textOf(message.model), replyId(fields), ts);
    else this.#user(entry, said, ts);
  }

  #assistant(
    entry: string,
    blocks: readonly Fields[],
    model: string | undefined,
    reply: string | undefined,
    ts: number,
  ) {
    const parts = blocks.flatMap((block) => this.#assistantPart(block));
    if (parts.length === 0) return;
    const known = reply === undefined ? undefined : this.#replies.get(reply);
    if (known !== undefined) {
      const before = this.all[known]!;
      this.all[known] = { ...before, parts: [...before.parts, ...parts] };
      return;
    }
    if (reply !== undefined) this.#replies.set(reply, this.all.length);
    const name = model === undefined ? null : `anthropic/${model}`.slice(0, 200);
    this.all.push({ entry, role: "assistant", parts, status: "complete", model: name, ts });
  }

  #assistantPart(block: Fields): MessagePart[] {
    if (block.type === "text" && textOf(block.text)) return [textPart(String(block.text), this.#leftOut)];
    // Without its seal: that is of use to the one who made it only.
    if (block.type === "thinking" && textOf(block.thinking)) {
      return [{ type: "thinking", text: limited(String(block.thinking), this.#leftOut) }];
    }
    if (block.type === "tool_use" && textOf(block.id) && textOf(block.name)) {
      this.#tools.set(String(block.id), String(block.name));
      return [{ type: "tool_call", call_id: String(block.id), tool: String(block.name), args: block.input ?? {} }];
    }
    return [];
  }

  #user(entry: string, blocks: readonly Fields[], ts: number): void {
    const results = blocks.flatMap((block) => (block.type === "tool_result" ? this.#result(block) : []));
    const words = blocks.flatMap((block): MessagePart[] => {
      if (block.type === "text" && textOf(block.text)) return [textPart(String(block.text), this.#leftOut)];
      return block.type === "image" || block.type === "document" ? [fileNote(mimeOf(block), this.#leftOut)] : [];
    });
    const common = { status: "complete", model: null, ts } as const;
    if (results.length > 0) this.all.push({ entry: `${entry}:results`, role: "tool", parts: results, ...common });
    if (words.length > 0) this.all.push({ entry, role: "user", parts: words, ...common });
  }

  #result({ tool_use_id, content, is_error }: Fields): ToolResultPart[] {
    const id = textOf(tool_use_id);
    if (id === undefined) return [];
    const blocks = Array.isArray(content) ? content.filter(isFields) : [];
    const texts = typeof content === "string" ? [content] : blocks.map((block) => this.#resultText(block));
    const text = limited(texts.filter((one) => one !== "").join("\n"), this.#leftOut);
    const tool = this.#tools.get(id) ?? "tool";
    return [{ type: "tool_result", call_id: id, tool, status: is_error === true ? "error" : "ok", text }];
  }

  #resultText(block: Fields): string {
    if (block.type === "text") return textOf(block.text) ?? "";
    const note =
      block.type === "image" || block.type === "document" ? fileNote(mimeOf(block), this.#leftOut) : undefined;
    return note?.type === "text" ? note.text : "";
  }
}

function mimeOf({ type, source }: Fields): string {
  return (isFields(source) ? textOf(source.media_type) : undefined) ?? String(type);
}
