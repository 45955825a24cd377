/** One answer as it is seen: built up event by event while it streams, or from the messages that were recorded. */
import { isTopic } from "../../client/client.ts";
import type { EventData, EventFrame, Topic } from "../../protocol/events.ts";
import type { MediaPart, Message, ToolResultPart, Usage } from "../../protocol/message.ts";
import type { Run, RunStatus } from "../../protocol/run.ts";

export type ToolStatus = "running" | ToolResultPart["status"];

export interface TextBlock {
  readonly kind: "text";
  readonly text: string;
}
export interface ThinkingBlock {
  readonly kind: "thinking";
  readonly text: string;
  readonly startedAt: number | null;
  /** Null while it goes on, and where it was not recorded. */
  readonly durationMs: number | null;
}
export interface ToolBlock {
  readonly kind: "tool";
  readonly callId: string;
  readonly tool: string;
  readonly args: unknown;
  readonly status: ToolStatus;
  /** What it wrote while running; not recorded. */
  readonly output: string;
  readonly result: string | null;
  readonly media: readonly MediaPart[];
  readonly startedAt: number | null;
  readonly durationMs: number | null;
}
/** What the person added while the run was under way. */
export interface SaidBlock {
  readonly kind: "said";
  /** The messages that hold it. */
  readonly messageIds: readonly string[];
}
/** What the loop did besides: another try, another provider, a limit. */
export interface NoteBlock {
  readonly kind: "note";
  readonly note: "retry" | "failover" | "resume" | "limit" | "compaction";
  readonly detail: Readonly<Record<string, unknown>>;
}
export type Block = TextBlock | ThinkingBlock | ToolBlock | SaidBlock | NoteBlock;

export interface Answer {
  readonly runId: string | null;
  readonly status: RunStatus;
  readonly blocks: readonly Block[];
  readonly model: string | null;
  readonly usage: Usage | null;
  readonly steps: number | null;
  readonly startedAt: number | null;
  readonly durationMs: number | null;
  readonly error: NonNullable<Run["error"]> | null;
  /** The newest event in it. */
  readonly seq: number;
  /** The newest piece of text and of thinking in it, as the run counts them. */
  readonly index: { readonly chunk: number; readonly thinking: number };
}

/** Of a long output its end is kept while the tool runs; the result has what the tool says. */
const OUTPUT_KEPT = 200_000;

const NOTHING = { chunk: -1, thinking: -1 } as const;

type RunEvent = { readonly [T in Topic]: EventFrame<T> }[Topic];

export function emptyAnswer(runId: string): Answer {
  return {
    runId,
    status: "running",
    blocks: [],
    model: null,
    usage: null,
    steps: null,
    startedAt: null,
    durationMs: null,
    error: null,
    seq: 0,
    index: NOTHING,
  };
}

/**
 * Whether the event holds text that the answer has already beside text that it has not: a slow reader's pieces are merged
 * under the number of the last and the index of the first, so this can be where a replay meets the live stream.
 */
export function overlaps(answer: Answer, event: EventFrame): boolean {
  if (event.seq <= answer.seq) return false;
  if (isTopic(event, "stream.chunk")) return event.data.index <= answer.index.chunk;
  return isTopic(event, "stream.thinking") && event.data.index <= answer.index.thinking;
}

/** The answer after one more event of its run. What is older than what it holds changes nothing. */
export function reduceAnswer(answer: Answer, frame: EventFrame): Answer {
  if (frame.seq <= answer.seq) return answer;
  const event = frame as RunEvent;
  const at = { ...answer, seq: event.seq };
  switch (event.topic) {
    case "agent.queued":
      return { ...at, status: "queued" };
    case "agent.started":
      return { ...at, status: "running", model: event.data.model ?? at.model, startedAt: at.startedAt ?? event.ts };
    case "stream.chunk":
      return {
        ...at,
        blocks: withText(settled(at.blocks, event.ts), event.data.content),
        index: { ...at.index, chunk: event.data.index },
      };
    case "stream.thinking":
      return {
        ...at,
        blocks: withThinking(at.blocks, event.data.content, event.ts),
        index: { ...at.index, thinking: event.data.index },
      };
    case "stream.tool_start":
      return { ...at, blocks: [...settled(at.blocks, event.ts), startedTool(event.data, event.ts)] };
    case "stream.tool_output":
      return {
        ...at,
        blocks: withTool(at.blocks, event.data, (tool) => ({ output: grown(tool.output, event.data.content) })),
      };
    case "stream.tool_end":
      return { ...at, blocks: withTool(at.blocks, event.data, () => endOf(event.data)) };
    case "stream.agent_trace":
      return traced(at, event);
    case "agent.completed": {
      const { usage, steps, duration_ms: durationMs } = event.data;
      return { ...ended(at, "completed", event.ts), usage, steps, durationMs };
    }
    case "agent.error":
      return { ...ended(at, "failed", event.ts), error: event.data.error };
    case "agent.cancelled":
      return ended(at, "cancelled", event.ts);
    case "agent.interrupted":
      return ended(at, "interrupted", event.ts);
    default:
      return at;
  }
}

/** An answer from what is on disk. `run` is undefined where it has not been asked for. */
export function recordedAnswer(runId: string | null, messages: readonly Message[], run: Run | undefined): Answer {
  const status = run?.status ?? statusOf(messages.at(-1));
  const isOver = status !== "running" && status !== "queued";
  const results = new Map<string, ToolResultPart>();
  for (const { parts } of messages) {
    for (const part of parts) if (part.type === "tool_result") results.set(part.call_id, part);
  }
  const blocks: Block[] = [];
  for (const message of messages) {
    if (message.role === "user") blocks.push({ kind: "said", messageIds: [message.id] });
    if (message.role !== "assistant") continue;
    for (const part of message.parts) {
      if (part.type === "text" && part.text !== "") blocks.push({ kind: "text", text: part.text });
      if (part.type === "thinking" && part.text !== "") {
        blocks.push({ kind: "thinking", text: part.text, startedAt: null, durationMs: part.duration_ms ?? null });
      }
      if (part.type === "tool_call") {
        const result = results.get(part.call_id);
        blocks.push({
          kind: "tool",
          callId: part.call_id,
          tool: part.tool,
          args: result?.args ?? part.args,
          status: result?.status ?? (isOver ? "unknown" : "running"),
          output: "",
          result: result?.text ?? null,
          media: result?.media ?? [],
          startedAt: null,
          durationMs: result?.duration_ms ?? null,
        });
      }
    }
  }
  return {
    runId,
    status,
    blocks,
    model: messages.findLast(({ model }) => model !== null)?.model ?? run?.model ?? null,
    usage: run?.usage ?? null,
    steps: run?.steps ?? null,
    startedAt: run?.started_at ?? null,
    durationMs: run?.ended_at && run.started_at ? run.ended_at - run.started_at : null,
    error: run?.error ?? null,
    seq: 0,
    index: NOTHING,
  };
}

/**
 * The answer of a run that a restart met, as it stood when it was taken up again: events of the moment before the end of a
 * process may not have been kept, the record was. A call that still waited is announced anew.
 */
export function resumedAnswer(run: Run, messages: readonly Message[], at: number): Answer {
  const [first, ...others] = messages;
  const before = (first?.role === "user" ? others : messages).filter(({ ts }) => ts < at);
  const { blocks, ...answer } = recordedAnswer(run.run_id, before, { ...run, status: "running" });
  return { ...answer, blocks: blocks.filter((block) => block.kind !== "tool" || block.status !== "running") };
}

/** All that the answer says, for the clipboard. */
export function textOf(answer: Answer): string {
  return answer.blocks.flatMap((block) => (block.kind === "text" ? [block.text] : [])).join("\n\n");
}

export function isOver({ status }: Pick<Answer, "status">): boolean {
  return status !== "running" && status !== "queued";
}

function statusOf(message: Message | undefined): RunStatus {
  switch (message?.status) {
    case "streaming":
      return "running";
    case "interrupted":
      return "interrupted";
    case "failed":
      return "failed";
    default:
      return "completed";
  }
}

function withText(blocks: readonly Block[], content: string): readonly Block[] {
  const last = blocks.at(-1);
  if (last?.kind === "text") return [...blocks.slice(0, -1), { kind: "text", text: last.text + content }];
  return content === "" ? blocks : [...blocks, { kind: "text", text: content }];
}

function withThinking(blocks: readonly Block[], content: string, ts: number): readonly Block[] {
  const last = blocks.at(-1);
  if (last?.kind === "thinking" && last.durationMs === null) {
    return [...blocks.slice(0, -1), { ...last, text: last.text + content }];
  }
  return [...blocks, { kind: "thinking", text: content, startedAt: ts, durationMs: null }];
}

/** Thinking ends when something else begins. */
function settled(blocks: readonly Block[], ts: number): readonly Block[] {
  const last = blocks.at(-1);
  if (last?.kind !== "thinking" || last.durationMs !== null) return blocks;
  return [...blocks.slice(0, -1), { ...last, durationMs: last.startedAt === null ? null : ts - last.startedAt }];
}

function startedTool(data: EventData<"stream.tool_start">, ts: number): ToolBlock {
  return {
    kind: "tool",
    callId: data.call_id,
    tool: data.tool,
    args: data.args,
    status: "running",
    output: "",
    result: null,
    media: [],
    startedAt: ts,
    durationMs: null,
  };
}

function withTool(
  blocks: readonly Block[],
  { call_id }: { readonly call_id: string },
  change: (tool: ToolBlock) => Partial<ToolBlock>,
): readonly Block[] {
  return blocks.map((block) =>
    block.kind === "tool" && block.callId === call_id ? { ...block, ...change(block) } : block,
  );
}

function grown(output: string, content: string): string {
  const whole = output + content;
  return whole.length <= OUTPUT_KEPT * 1.5 ? whole : `…${whole.slice(-OUTPUT_KEPT)}`;
}

function endOf(data: EventData<"stream.tool_end">): Partial<ToolBlock> {
  const { status, args, result, error, duration_ms: durationMs } = data;
  return { status, ...(args ? { args } : {}), result: result ?? error ?? "", durationMs };
}

function traced(answer: Answer, event: EventFrame<"stream.agent_trace">): Answer {
  const { kind, step, detail } = event.data;
  const at = { ...answer, steps: Math.max(answer.steps ?? 0, step) };
  if (kind === "model") return typeof detail.model === "string" ? { ...at, model: modelName(detail) } : at;
  if (kind === "step") return at;
  if (kind === "steer") {
    const known = new Set(at.blocks.flatMap((block) => (block.kind === "said" ? block.messageIds : [])));
    const given = Array.isArray(detail.messages) ? detail.messages.map(String) : [];
    const messageIds = given.filter((id) => !known.has(id));
    if (messageIds.length === 0) return at;
    return { ...at, blocks: [...settled(at.blocks, event.ts), { kind: "said", messageIds }] };
  }
  return { ...at, blocks: [...settled(at.blocks, event.ts), { kind: "note", note: kind, detail }] };
}

function modelName({ provider, model }: Readonly<Record<string, unknown>>): string {
  return typeof provider === "string" ? `${provider}/${model}` : String(model);
}

/** A tool that was running when the run ended otherwise: its end is not known here until the record says it. */
function ended(answer: Answer, status: RunStatus, ts: number): Answer {
  const blocks = settled(answer.blocks, ts).map((block) =>
    block.kind === "tool" && block.status === "running" ? { ...block, status: "unknown" as const } : block,
  );
  const durationMs = answer.startedAt === null ? null : ts - answer.startedAt;
  return { ...answer, status, blocks, durationMs };
}
