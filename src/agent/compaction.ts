/**
 * Makes room in a conversation that became too long for its model: first long results of tools that are superseded are named
 * instead of shown, then what is oldest is told by notes that a model takes. Every message stays in the database; a mark says
 * from where on they are shown, and taking it away undoes it.
 */
import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Models } from "../providers/models.ts";
import type { Publisher } from "../sdk/bus.ts";
import { TASKS_STATE } from "../sdk/session-state.ts";
import type { Store } from "../sdk/store.ts";
import { type ContextMark, clearedAt, insertMark, latestMark } from "../session/context-marks.ts";
import { type PlacedMessage, readHistory } from "../session/messages.ts";
import type { Session } from "../session/sessions.ts";
import { cutOf } from "./compaction-plan.ts";
import { isLong, markInForce, summaryTexts } from "./context.ts";
import { dialogueOf, type SummariserDeps, type SummaryOrder, summarise } from "./summary.ts";
import { partsTokens, textTokens } from "./tokens.ts";

export interface CompactionDeps extends Omit<SummariserDeps, "models" | "mask"> {
  readonly models: Pick<Models, "resolve" | "open" | "known" | "breaker" | "forget">;
  readonly config: () => Pick<Config, "sessions">;
  readonly bus: Publisher;
  readonly now: () => number;
  /** Without it nothing is masked. */
  readonly secrets?: { all(): Promise<readonly string[]>; mask(text: string): string } | undefined;
}

export const REASONS = ["asked", "threshold", "too_long"] as const;

export interface CompactionOrder extends SummaryOrder {
  readonly session: Pick<Session, "id" | "key" | "clearedAt">;
  readonly store: Store;
  readonly reason: (typeof REASONS)[number];
  /** Tokens that the conversation may have. */
  readonly room: number;
  /** Runs whose messages come later. */
  readonly waiting: ReadonlySet<string>;
  /** Messages that the model has not seen yet. */
  readonly without?: ReadonlySet<string>;
  /** A run under way: what it has to do with stays as it is. */
  readonly beside?: string | undefined;
}

export interface Compacted {
  readonly mark: ContextMark;
  /** Messages that the notes tell of now and did not before. */
  readonly summarised: number;
  readonly droppedResults: number;
}

/** Of the room, what is left free when dropping results is enough. */
const ENOUGH = 0.5;
/** Of the room, the most that stays as it is. */
const MOST_KEPT = 0.3;
/** Less is not worth a change: caches of providers begin anew at each. */
const LEAST_TOKENS = 500;
/** Tokens of what is read at once, and how often: what is still older is left out. */
const MAX_CHUNK = 60_000;
const MAX_CHUNKS = 8;
const PAGE = 500;
const MAX_LAST = 2000;

/** Undefined when there is nothing to gain. Rejects with what the provider throws; `conflict` when the session changed meanwhile. */
export async function compact(deps: CompactionDeps, given: CompactionOrder): Promise<Compacted | undefined> {
  const { store, room, reason } = given;
  // A run knows its session as it was when the run began.
  const session = { ...given.session, clearedAt: clearedAt(store.db, given.session.id) };
  const order = { ...given, session };
  const { keep_recent } = deps.config().sessions.compaction;
  const before = markInForce(store.db, session);
  const latest = latestMark(store.db, session.id)?.id;
  const { messages, complete } = await readAll(order, before);
  const tight = reason === "too_long" ? 0.5 : 1;
  const keep = Math.min(keep_recent, room * MOST_KEPT * tight);
  const cut = cutOf(messages, keep);
  const old = messages.slice(0, cut);
  const last = old.at(-1);
  if (last === undefined) return undefined;
  const dropped = before?.dropped ?? 0;
  const long = old.flatMap(({ position, parts }) => (position > dropped ? parts.filter(isLong) : []));
  const tokensBefore = tokensOf(messages, dropped) + summaryTokens(before);
  const tokensDropped = tokensOf(messages, last.position) + summaryTokens(before);
  const shared = { kind: "compaction", dropped: Math.max(dropped, last.position), createdAt: deps.now() } as const;
  let mark: Omit<ContextMark, "id">;
  let summarised = 0;
  if (reason !== "asked" && long.length > 0 && complete && tokensDropped <= room * ENOUGH * tight) {
    const { upto = session.clearedAt, summary = "", outside = null } = before ?? {};
    mark = { ...shared, upto, summary, outside, model: null, tokensBefore, tokensAfter: tokensDropped };
  } else {
    if (tokensOf(old, last.position) < LEAST_TOKENS) return undefined;
    const notes = await takeNotes(deps, order, { before, old, complete });
    if (notes === undefined) return undefined;
    summarised = old.length;
    const kept = tokensOf(messages.slice(cut), shared.dropped);
    const tokensAfter = kept + summaryTokens(notes);
    mark = { ...shared, upto: last.position, ...notes, tokensBefore, tokensAfter };
  }
  const id = await store.write((db) => {
    if (latestMark(db, session.id)?.id !== latest || !isThere(db, last)) {
      throw new AlephError("conflict", "The session was changed while it was compacted", {
        data: { hint: "Try it again" },
      });
    }
    return insertMark(db, session.id, mark);
  });
  const tokens = { tokens_before: Math.round(mark.tokensBefore), tokens_after: Math.round(mark.tokensAfter) };
  deps.bus.publish(
    "session.compacted",
    { session_key: session.key, reason, summarised, dropped_results: long.length, ...tokens },
    { sessionKey: session.key },
  );
  return { mark: { id, ...mark }, summarised, droppedResults: long.length };
}

/** What is shown and may be changed, oldest first; of a conversation that is longer than a model can read, the newest part. */
async function readAll(
  { session, store, waiting, without, beside }: CompactionOrder,
  before: ContextMark | undefined,
): Promise<{ readonly messages: readonly PlacedMessage[]; readonly complete: boolean }> {
  const after = Math.max(session.clearedAt, before?.upto ?? 0);
  const newest: PlacedMessage[] = [];
  let tokens = 0;
  for (let from: string | undefined; ; ) {
    const { messages, next } = readHistory(store.db, session.id, { limit: PAGE, before: from });
    for (const message of messages.toReversed()) {
      if (message.position <= after) return { messages: settled(newest), complete: true };
      if (without?.has(message.id) || (message.run_id && waiting.has(message.run_id))) continue;
      // What a run has under way is not taken away from it.
      if (beside !== undefined && message.run_id === beside) newest.length = 0;
      else newest.push(message);
      tokens += partsTokens(message.parts);
      if (tokens > MAX_CHUNK * MAX_CHUNKS) return { messages: settled(newest), complete: false };
    }
    if (next === undefined) return { messages: settled(newest), complete: true };
    from = next;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function settled(newest: readonly PlacedMessage[]): readonly PlacedMessage[] {
  return newest.filter(({ status }) => status !== "streaming").reverse();
}

/** Nothing where only a script could answer. */
async function takeNotes(
  deps: CompactionDeps,
  order: CompactionOrder,
  { before, old, complete }: { before: ContextMark | undefined; old: readonly PlacedMessage[]; complete: boolean },
): Promise<Pick<ContextMark, "summary" | "outside" | "model"> | undefined> {
  const { model: wanted } = deps.config().sessions.compaction;
  const refs = wanted === undefined ? order.refs : [wanted, ...order.refs];
  const from = await deps.models.resolve(refs[0]!, order.signal).catch((thrown: unknown) => {
    // The chain goes on with the others and tells what became of this one.
    if (thrown instanceof AlephError) return undefined;
    throw thrown;
  });
  if (from && (await deps.models.open(from.provider)).scripted) return undefined;
  await deps.secrets?.all();
  const mask = (text: string) => deps.secrets?.mask(text) ?? text;
  const ask = { ...deps, mask };
  const asked = { ...order, refs };
  const isTainted = before?.outside != null || old.some(isFromOutside);
  let summary = withoutFrame(before?.summary ?? "");
  let outside = withoutFrame(before?.outside ?? (isTainted ? (before?.summary ?? "") : ""));
  let model: string | null = null;
  const window = from === undefined ? undefined : deps.models.known(from.provider, from.model).contextWindow;
  for (const chunk of chunksOf(old, Math.min(MAX_CHUNK, (window ?? Number.POSITIVE_INFINITY) / 2))) {
    const own = dialogueOf(chunk, { own: isTainted });
    if (own !== "") ({ notes: summary, model } = await summarise(ask, asked, { notes: summary, dialogue: own }));
    if (!isTainted) continue;
    const all = dialogueOf(chunk, { own: false });
    if (all !== "") ({ notes: outside, model } = await summarise(ask, asked, { notes: outside, dialogue: all }));
  }
  const tasks = tasksOf(order, mask);
  const left = complete ? "" : "\n[Still older messages are not in it]";
  return {
    // The person's own words need no model: they are there as they were said.
    summary: `${summary}${left}${lastSaid(old, mask)}${isTainted ? "" : tasks}`,
    outside: isTainted ? `${outside}${tasks}` : null,
    model,
  };
}

const FRAME = "\n\n---\n";

/** Without what is put behind the notes anew each time. */
function withoutFrame(notes: string): string {
  const at = notes.indexOf(FRAME);
  return at < 0 ? notes : notes.slice(0, at);
}

function lastSaid(old: readonly PlacedMessage[], mask: (text: string) => string): string {
  const last = old.findLast(({ role, parts }) => role === "user" && parts.some(isOwnText));
  if (last === undefined) return "";
  const text = last.parts.flatMap((part) => (part.type === "text" && isOwnText(part) ? [part.text] : [])).join("\n");
  const shown = text.length > MAX_LAST ? `${text.slice(0, MAX_LAST).toWellFormed()} […]` : text;
  return `${FRAME}The last message of the person in this part:\n${mask(shown)}`;
}

function isOwnText(part: PlacedMessage["parts"][number]): boolean {
  return part.type === "text" && part.text !== "" && part.untrusted === undefined;
}

/** The list that the model keeps for the session, as it is now. */
function tasksOf({ store, session }: CompactionOrder, mask: (text: string) => string): string {
  const row = store.db
    .query<{ value: string }, [number, string]>("SELECT value FROM session_state WHERE session_id = ? AND name = ?")
    .get(session.id, TASKS_STATE);
  const tasks: unknown = row ? JSON.parse(row.value) : [];
  const lines = (Array.isArray(tasks) ? tasks : []).flatMap((task: { text?: unknown; status?: unknown }) =>
    typeof task?.text === "string" && task.status !== "done" ? [`- ${task.text} (${String(task.status)})`] : [],
  );
  return lines.length === 0 ? "" : `${FRAME}Open tasks of the list:\n${mask(lines.join("\n"))}`;
}

/** Whether a stranger may have written something of it. */
function isFromOutside({ parts }: PlacedMessage): boolean {
  return parts.some((part) => {
    if (part.type === "text" || part.type === "tool_result") return part.untrusted === true;
    return part.type === "media" && !part.mime.startsWith("audio/");
  });
}

/** Parts that a model can read at once. */
function* chunksOf(messages: readonly PlacedMessage[], most: number): Generator<readonly PlacedMessage[]> {
  let chunk: PlacedMessage[] = [];
  let tokens = 0;
  for (const message of messages) {
    const size = textTokens(dialogueOf([message], { own: false }));
    if (tokens + size > most && chunk.length > 0) {
      yield chunk;
      chunk = [];
      tokens = 0;
    }
    chunk.push(message);
    tokens += size;
  }
  if (chunk.length > 0) yield chunk;
}

function tokensOf(messages: readonly PlacedMessage[], dropped: number): number {
  return messages.reduce((sum, { parts, position }) => {
    const left = position <= dropped ? parts.filter((part) => !isLong(part)) : parts;
    return sum + partsTokens(left) + (parts.length - left.length) * 40;
  }, 0);
}

function summaryTokens(mark: Pick<ContextMark, "summary" | "outside"> | undefined): number {
  return mark === undefined ? 0 : summaryTexts(mark).reduce((sum, text) => sum + textTokens(text), 0);
}

function isThere(db: Store["db"], { id, position }: PlacedMessage): boolean {
  const row = db.query<{ position: number }, [number]>("SELECT position FROM message WHERE id = ?").get(Number(id));
  return row?.position === position;
}
