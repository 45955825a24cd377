/** What happens in a run as an editor shows it: text, thoughts, tool calls with their changes, the list of tasks. */
import type { PlanEntry, SessionUpdate, ToolCallContent, ToolCallLocation, ToolKind } from "@agentclientprotocol/sdk";
import { isTopic } from "../client/client.ts";
import type { EventFrame } from "../protocol/events.ts";
import type { Message } from "../protocol/message.ts";

/** How an editor shows calls of tools that it cannot know; all others are "other". */
const KINDS: Readonly<Record<string, ToolKind>> = {
  read: "read",
  document: "read",
  list: "read",
  glob: "search",
  grep: "search",
  session_search: "search",
  write: "edit",
  edit: "edit",
  apply_patch: "edit",
  exec: "execute",
  process: "execute",
  web_fetch: "fetch",
  web_search: "search",
  todo: "think",
};
const MAX_TITLE = 200;
/** Characters of a running tool's output that an editor gets again with each piece. */
const MAX_OUTPUT = 100_000;

export interface ShownCall {
  readonly tool: string;
  readonly args: unknown;
}

/** Turns a relative path into one that an editor can open. */
export type Locate = (path: string) => string;

/** For one run: the output of a tool grows. */
export class RunUpdates {
  readonly #locate: Locate;
  readonly #output = new Map<string, string>();

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  of(event: EventFrame): readonly SessionUpdate[] {
    if (isTopic(event, "stream.chunk")) return [textUpdate("agent_message_chunk", event.data.content)];
    if (isTopic(event, "stream.thinking")) return [textUpdate("agent_thought_chunk", event.data.content)];
    if (isTopic(event, "stream.tool_start")) {
      const { call_id, tool, args } = event.data;
      return [beginCall(call_id, { tool, args }, this.#locate), ...planOf({ tool, args })];
    }
    if (isTopic(event, "stream.tool_output")) {
      const { call_id, content } = event.data;
      const output = `${this.#output.get(call_id) ?? ""}${content}`.slice(-MAX_OUTPUT);
      this.#output.set(call_id, output);
      return [{ sessionUpdate: "tool_call_update", toolCallId: call_id, content: [textContent(output)] }];
    }
    if (isTopic(event, "stream.tool_end")) {
      const { call_id, tool, ok, result, error, args } = event.data;
      this.#output.delete(call_id);
      return [endCall(call_id, { tool, args: args ?? {} }, { ok, text: result ?? error ?? "" }, this.#locate)];
    }
    if (isTopic(event, "question.asked")) {
      const { question, options } = event.data;
      const choices = options.map((option) => `\n- ${option}`).join("");
      return [textUpdate("agent_message_chunk", `\n\n${question}${choices}\n`)];
    }
    return [];
  }
}

export function beginCall(id: string, call: ShownCall, locate: Locate): SessionUpdate {
  return {
    sessionUpdate: "tool_call",
    toolCallId: id,
    title: titleOf(call),
    kind: KINDS[call.tool] ?? "other",
    status: "in_progress",
    rawInput: call.args,
    content: diffsOf(call, locate),
    locations: locationsOf(call, locate),
  };
}

function endCall(
  id: string,
  call: ShownCall,
  { ok, text }: { readonly ok: boolean; readonly text: string },
  locate: Locate,
): SessionUpdate {
  const diffs = ok ? diffsOf(call, locate) : [];
  return {
    sessionUpdate: "tool_call_update",
    toolCallId: id,
    status: ok ? "completed" : "failed",
    // A change that was made says more than the sentence about it.
    ...(diffs.length > 0
      ? { content: diffs }
      : KINDS[call.tool] === "edit" && ok
        ? {}
        : { content: [textContent(text)] }),
    rawOutput: { text },
  };
}

/** What was said before, for an editor that opens the session again. */
export function historyUpdates(messages: readonly Message[], locate: Locate): readonly SessionUpdate[] {
  const calls = new Map<string, ShownCall>();
  return messages.flatMap(({ role, parts }) =>
    parts.flatMap((part): SessionUpdate[] => {
      if (part.type === "text") {
        return [textUpdate(role === "user" ? "user_message_chunk" : "agent_message_chunk", part.text)];
      }
      if (part.type === "thinking") return [textUpdate("agent_thought_chunk", part.text)];
      if (part.type === "tool_call") {
        const call = { tool: part.tool, args: part.args };
        calls.set(part.call_id, call);
        return [beginCall(part.call_id, call, locate), ...planOf(call)];
      }
      if (part.type !== "tool_result") return [];
      const call = calls.get(part.call_id) ?? { tool: part.tool, args: {} };
      return [endCall(part.call_id, call, { ok: part.status === "ok", text: part.text }, locate)];
    }),
  );
}

export function textContent(text: string): ToolCallContent {
  return { type: "content", content: { type: "text", text } };
}

/** What it is, and of its arguments the one that says most. */
export function titleOf({ tool, args }: ShownCall): string {
  const { command, path, pattern, query, url, task, name } = argsOf(args);
  const about = [command, path, pattern, query, url, task, name].find((each) => typeof each === "string");
  const title = about === undefined ? tool : `${tool} ${String(about)}`;
  const line = title.replace(/\s+/g, " ");
  return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE)}…` : line;
}

function textUpdate(
  sessionUpdate: "user_message_chunk" | "agent_message_chunk" | "agent_thought_chunk",
  text: string,
): SessionUpdate {
  return { sessionUpdate, content: { type: "text", text } };
}

function diffsOf({ args }: ShownCall, locate: Locate): ToolCallContent[] {
  const { path, content, old_text, new_text, edits } = argsOf(args);
  if (typeof path !== "string") return [];
  if (typeof content === "string") return [{ type: "diff", path: locate(path), newText: content }];
  const changes = Array.isArray(edits) ? edits.map(argsOf) : [{ old_text, new_text }];
  return changes.flatMap(({ old_text: oldText, new_text: newText }): ToolCallContent[] =>
    typeof oldText === "string" && typeof newText === "string"
      ? [{ type: "diff", path: locate(path), oldText, newText }]
      : [],
  );
}

function locationsOf({ args }: ShownCall, locate: Locate): ToolCallLocation[] {
  const { path } = argsOf(args);
  return typeof path === "string" ? [{ path: locate(path) }] : [];
}

/** The list of tasks that the model keeps. */
function planOf({ tool, args }: ShownCall): SessionUpdate[] {
  const { items } = argsOf(args);
  if (tool !== "todo" || !Array.isArray(items)) return [];
  const entries = items.map(argsOf).flatMap(({ text, status }): PlanEntry[] => {
    if (typeof text !== "string") return [];
    const shown = status === "done" ? "completed" : status === "in_progress" ? "in_progress" : "pending";
    return [{ content: text, priority: "medium", status: shown }];
  });
  return [{ sessionUpdate: "plan", entries }];
}

function argsOf(args: unknown): Readonly<Record<string, unknown>> {
  return typeof args === "object" && args !== null ? (args as Record<string, unknown>) : {};
}
