/** What of a conversation the model gets to see: the newest part that fits, with each tool call beside its result. */
import type { Database } from "bun:sqlite";
import type { MediaPart, Message, MessagePart, ToolResultPart } from "../protocol/message.ts";
import type { ModelMedia, ModelMessage, ModelText, ModelThinking, ModelToolCall } from "../sdk/provider.ts";
import { type ContextMark, latestMark } from "../session/context-marks.ts";
import { handleOf } from "../session/kept-results.ts";
import { type PlacedMessage, readHistory, readInstructions, readRunMessages } from "../session/messages.ts";
import type { StoredRun } from "../session/runs.ts";
import type { Session } from "../session/sessions.ts";
import { partsTokens } from "./tokens.ts";
import { ATTACHMENT, markGuidance, markPieces, markUntrusted } from "./untrusted.ts";
import { SUMMARY_BEGINS } from "./window.ts";

const PAGE = 200;
/** Bytes of a text file that stand in the conversation itself. */
const MAX_INLINE = 200_000;
/** A shorter result costs no more than the line that would stand in its place. */
export const LONG_RESULT = 400;

export interface ContextSource {
  readonly db: Database;
  readonly session: Pick<Session, "id" | "clearedAt">;
  /** Messages of these runs come later and are not seen yet. */
  readonly waiting: ReadonlySet<string>;
  /** Messages that come in another way. */
  readonly without: ReadonlySet<string>;
  readonly loadMedia: (mediaId: string) => Promise<{ readonly bytes: Uint8Array; readonly mime: string }>;
  /** Tokens that the conversation may have. */
  readonly room: number;
}

/** Oldest first; begins with a message of the user. Media that is gone is replaced by a note. */
export async function buildContext(source: ContextSource): Promise<ModelMessage[]> {
  const mark = markInForce(source.db, source.session);
  const { messages: newest, from } = readNewest(source, mark);
  const messages = newest.map((message) => dropLong(message, mark));
  const takeResult = resultsInTurn(messages);
  const context: ModelMessage[] = [];
  const add = async (message: PlacedMessage) => {
    if (message.role === "user") context.push(await userMessage(message, source.loadMedia));
    if (message.role === "assistant") context.push(...(await assistantTurn(message, takeResult, source.loadMedia)));
  };
  // What the person wanted of the turn that is cut stands before what is left of it.
  for (const message of from) await add(message);
  for (const message of messages) await add(message);
  const first = context.findIndex(({ role }) => role === "user");
  const shown = first < 0 ? [] : context.slice(first);
  return mark?.kind === "compaction" ? behindSummary(mark, shown) : shown;
}

/** The newest, unless all of it was cleared. */
export function markInForce(db: Database, { id, clearedAt }: ContextSource["session"]): ContextMark | undefined {
  const mark = latestMark(db, id);
  return mark !== undefined && mark.kind === "compaction" && mark.upto >= clearedAt ? mark : undefined;
}

/** In the first message rather than before it: some models take no two messages of one side. */
function behindSummary(mark: ContextMark, messages: ModelMessage[]): ModelMessage[] {
  const content = summaryTexts(mark).map((text): ModelText => ({ type: "text", text }));
  if (content.length === 0) return messages;
  const [first, ...rest] = messages;
  const untrusted = mark.outside !== null ? { untrusted: true as const } : {};
  if (first?.role !== "user") return [{ role: "user", content, ...untrusted }, ...messages];
  return [{ ...first, content: [...content, ...first.content], ...untrusted }, ...rest];
}

/** Two texts where a stranger may have written something: what the person said stays what the person said. */
export function summaryTexts({ summary, outside }: Pick<ContextMark, "summary" | "outside">): readonly string[] {
  if (summary === "" && outside === null) return [];
  return [
    `${SUMMARY_BEGINS}, which goes on below. The messages themselves are kept]${summary === "" ? "" : `\n${summary}`}`,
    ...(outside === null ? [] : [markUntrusted("a summary of all that was said and found", outside)]),
  ];
}

/** A long result that is superseded by what came later is named instead of shown. */
function dropLong(message: PlacedMessage, mark: ContextMark | undefined): PlacedMessage {
  if (mark === undefined || message.role !== "tool" || message.position > mark.dropped) return message;
  const parts = message.parts.map((part) => (isLong(part) ? withoutText(part, handleOf(message.id)) : part));
  return { ...message, parts };
}

export function isLong(part: MessagePart): part is ToolResultPart {
  if (part.type !== "tool_result" || part.guidance) return false;
  return part.text.length > LONG_RESULT || part.media !== undefined;
}

/** Who wrote it stays known: what was made of it is still there. */
function withoutText({ media: _, ...part }: ToolResultPart, handle: string): ToolResultPart {
  const text = `[Result of ${part.text.length} characters, left out to save room; read_result shows it, handle ${handle}]`;
  return { ...part, text };
}

type TakeResult = (call: { readonly message: Message; readonly callId: string }) => ToolResultPart | undefined;

/** The results by call, each given once and in order: some providers use an id again, in another run or another step. */
function resultsInTurn(messages: readonly Message[]): TakeResult {
  const places = new Map(messages.map((message, place) => [message, place]));
  const results = new Map<string, { readonly place: number; readonly part: ToolResultPart }[]>();
  const key = (message: Message, callId: string) => `${message.run_id}\n${callId}`;
  for (const [message, place] of places) {
    for (const part of message.parts) {
      if (part.type !== "tool_result") continue;
      const known = results.get(key(message, part.call_id));
      if (known) known.push({ place, part });
      else results.set(key(message, part.call_id), [{ place, part }]);
    }
  }
  return ({ message, callId }) => {
    const known = results.get(key(message, callId)) ?? [];
    // A result that stands before the call belongs to one that is cut off.
    while (known.length > 0 && known[0]!.place < places.get(message)!) known.shift();
    return known.shift()?.part;
  };
}

/** One tool result as the model sees it. */
export async function toolMessage(
  result: ToolResultPart,
  loadMedia: ContextSource["loadMedia"],
): Promise<ModelMessage> {
  const shown = (result.media ?? []).filter(isForModel);
  const media = await Promise.all(shown.map((part) => loadPart(part, loadMedia)));
  return {
    role: "tool",
    call_id: result.call_id,
    tool: result.tool,
    ok: result.status === "ok",
    content: [{ type: "text", text: textOf(result) }, ...media],
    ...(result.untrusted ? { untrusted: true } : {}),
  };
}

/** What was made for the person need not be read back; of a picture the model sees what became of its words. */
function isForModel({ for_person, mime }: MediaPart): boolean {
  return for_person !== true || mime.startsWith("image/");
}

function textOf({ tool, text, untrusted, guidance }: ToolResultPart): string {
  if (guidance) return markGuidance(tool, text);
  return untrusted ? markUntrusted(tool, text) : text;
}

/** The user's message as the model sees it: what was attached first, then the text. */
export async function userMessage(
  { parts }: { readonly parts: readonly MessagePart[] },
  loadMedia: ContextSource["loadMedia"],
): Promise<ModelMessage> {
  const untrusted = parts.some((part) =>
    part.type === "text" ? part.untrusted : part.type === "media" && isFound(part),
  );
  return { role: "user", content: await userContent(parts, loadMedia), ...(untrusted ? { untrusted } : {}) };
}

/** Whether somebody else may have made what is attached: all but what a person says. */
function isFound({ mime }: MediaPart): boolean {
  return !mime.startsWith("audio/");
}

async function userContent(
  parts: readonly MessagePart[],
  loadMedia: ContextSource["loadMedia"],
): Promise<(ModelText | ModelMedia)[]> {
  const content: (ModelText | ModelMedia)[] = [];
  for (const part of parts) {
    if (part.type === "media") content.push(marked(await loadPart(part, loadMedia)), ...placeOf(part));
    if (part.type === "text") {
      const said = part.outside
        ? markPieces("a webhook", part.text, part.outside)
        : markUntrusted("a subagent", part.text);
      content.push({ type: "text", text: part.untrusted ? said : part.text });
    }
  }
  return content;
}

function marked(part: ModelText | ModelMedia): ModelText | ModelMedia {
  return part.type === "text" ? { ...part, text: markUntrusted(ATTACHMENT, part.text) } : part;
}

/** The text of the message that a run answers. */
export function questionOf(db: Database, { id, request }: Pick<StoredRun, "id" | "request">): string {
  return readRunMessages(db, id).find((message) => message.id === String(request.messageId))?.content ?? "";
}

/** A reply as the next request repeats it. */
export function modelParts(parts: readonly MessagePart[]): Extract<ModelMessage, { role: "assistant" }>["content"] {
  const kept: (ModelText | ModelThinking | ModelToolCall)[] = [];
  for (const part of parts) {
    if (part.type === "text" && part.text !== "") kept.push({ type: "text", text: part.text });
    if (part.type === "tool_call")
      kept.push({ type: "tool_call", call_id: part.call_id, tool: part.tool, args: part.args });
    if (part.type === "thinking") {
      kept.push({ type: "thinking", text: part.text, ...(part.signature ? { signature: part.signature } : {}) });
    }
  }
  return kept;
}

/** Pages backwards until the room is used up; `from` is what the person wanted of a turn that is cut. */
function readNewest(
  { db, session, waiting, without, room }: ContextSource,
  mark: ContextMark | undefined,
): { readonly messages: readonly PlacedMessage[]; readonly from: readonly PlacedMessage[] } {
  const after = Math.max(session.clearedAt, mark?.upto ?? 0);
  const isShown = ({ id, position, run_id }: PlacedMessage) =>
    position > session.clearedAt && !without.has(id) && !(run_id && waiting.has(run_id));
  /** Newest first. */
  const newest: PlacedMessage[] = [];
  let tokens = mark === undefined ? 0 : partsTokens(summaryTexts(mark).map((text) => ({ type: "text", text })));
  let before: string | undefined;
  reading: for (;;) {
    const { messages, next } = readHistory(db, session.id, { limit: PAGE, before });
    for (const message of messages.toReversed()) {
      if (message.position <= after) break reading;
      if (!isShown(message)) continue;
      tokens += partsTokens(dropLong(message, mark).parts);
      if (tokens > room && newest.length > 0) break reading;
      newest.push(message);
    }
    if (next === undefined) break;
    before = next;
  }
  const messages = newest.reverse();
  const [first] = messages;
  if (first === undefined || first.role === "user") return { messages, from: [] };
  return { messages, from: readInstructions(db, session.id, first).filter(isShown) };
}

async function assistantTurn(
  message: Message,
  takeResult: TakeResult,
  loadMedia: ContextSource["loadMedia"],
): Promise<ModelMessage[]> {
  const content: Extract<ModelMessage, { role: "assistant" }>["content"][number][] = [];
  const answers: ModelMessage[] = [];
  for (const part of message.parts) {
    if (part.type === "text" && part.text !== "") content.push({ type: "text", text: part.text });
    if (part.type === "thinking" && message.status === "complete") {
      content.push({ type: "thinking", text: part.text, ...(part.signature ? { signature: part.signature } : {}) });
    }
    if (part.type === "tool_call") {
      content.push({ type: "tool_call", call_id: part.call_id, tool: part.tool, args: part.args });
      answers.push(
        await toolMessage(
          takeResult({ message, callId: part.call_id }) ?? lostResult(part.call_id, part.tool),
          loadMedia,
        ),
      );
    }
  }
  if (message.status === "interrupted" && content.length > 0 && answers.length === 0) {
    content.push({ type: "text", text: "\n[The answer was interrupted here]" });
  }
  return content.length === 0 ? [] : [{ role: "assistant", content }, ...answers];
}

/** For a call whose result never came: providers refuse a call without one. */
export function lostResult(callId: string, tool: string): ToolResultPart {
  return {
    type: "tool_result",
    call_id: callId,
    tool,
    status: "unknown",
    text: "Aleph stopped while this ran: it may or may not have had its effect. Look before doing it again",
  };
}

/** Where tools find what is attached. */
function placeOf({ path, name, media_id, mime }: MediaPart): ModelText[] {
  if (path === undefined) return [];
  return [{ type: "text", text: `[${name ?? media_id} (${mime}) is in the workspace: ${path}]` }];
}

async function loadPart(part: MediaPart, loadMedia: ContextSource["loadMedia"]): Promise<ModelText | ModelMedia> {
  try {
    const { bytes, mime } = await loadMedia(part.media_id);
    if (/^text\/|[+/](json|xml|yaml|toml)$/.test(mime)) {
      const text = new TextDecoder().decode(bytes.subarray(0, MAX_INLINE));
      const note = bytes.byteLength > MAX_INLINE ? "\n[more follows, which is left out here]" : "";
      return {
        type: "text",
        text: `<file name=${JSON.stringify(part.name ?? part.media_id)}>\n${text}${note}\n</file>`,
      };
    }
    return { type: "media", mime, data: bytes, ...(part.name ? { name: part.name } : {}) };
  } catch {
    // Deleted by hand, or of an ephemeral session: the conversation goes on without it.
    return { type: "text", text: `[Attachment ${part.name ?? part.media_id} is not available any more]` };
  }
}
