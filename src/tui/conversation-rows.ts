/** The conversation as rows of the screen: what was said, thinking and tool calls as cards that fold, and how it ended. */

import { formatBytes } from "../lib/human-units.ts";
import { argumentOf, asText } from "../panel/components/tool-words.ts";
import { type Answer, type Block, isOver, recordedAnswer, type ToolBlock } from "../panel/state/answer.ts";
import type { AnswerEntry, Entry, UserEntry } from "../panel/state/timeline.ts";
import type { MediaPart, Message } from "../protocol/message.ts";
import type { Run } from "../protocol/run.ts";
import { type Colour, diffLines, isDiff } from "./code.ts";
import {
  chopLine,
  clean,
  cutLine,
  cutText,
  type Line,
  type Look,
  MUTED,
  STRONG,
  span,
  widthOf,
  wrapLine,
} from "./line.ts";
import { createTypesetter, type Typeset } from "./markdown.ts";
import { elapsed, usageWords } from "./words.ts";

export interface Row {
  readonly line: Line;
  /** The card that a click here opens or folds. */
  readonly card?: string;
}

export interface RowsOptions {
  readonly width: number;
  /** Cards that are not as they are at first. */
  readonly turned: ReadonlySet<string>;
  readonly allOpen: boolean;
  /** The card that the keys mean. */
  readonly chosen: string | undefined;
  /** Calls that wait for a person. */
  readonly waiting: ReadonlySet<string>;
  live(runId: string): Answer | undefined;
  run(runId: string): Run | undefined;
}

/** Rows of an entry; the same array as long as nothing of it changed. */
export type RowsOf = (entry: Entry, options: RowsOptions) => readonly Row[];

interface Kept {
  readonly causes: readonly unknown[];
  readonly rows: readonly Row[];
  readonly texts: ReadonlyMap<number, Typeset>;
}

/** Of a card that is open and long, this much is shown: the whole is in the panel and on the disk. */
const MOST_ROWS = 400;
/** Of what a tool writes while it runs. */
const TAIL_ROWS = 3;
/** Entries whose rows are kept. */
const KEPT = 3000;

export function createRowsOf(colour: Colour): RowsOf {
  const typeset = createTypesetter(colour);
  const kept = new Map<string, Kept>();
  return (entry, options) => {
    const causes = causesOf(entry, options);
    const before = kept.get(entry.key);
    if (before && before.causes.length === causes.length && before.causes.every((cause, at) => cause === causes[at])) {
      return before.rows;
    }
    const texts = new Map<number, Typeset>();
    const settext = (text: string, at: number, width: number): readonly Line[] => {
      const set = typeset(text, width, before?.texts.get(at));
      texts.set(at, set);
      return set.lines;
    };
    const rows = entry.kind === "answer" ? answerRows(entry, options, settext) : saidRows(entry, options);
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
    kept.delete(entry.key);
    kept.set(entry.key, { causes, rows, texts });
    return rows;
  };
}

/** All that the rows are made of. */
function causesOf(entry: Entry, { width, turned, allOpen, chosen, waiting, live, run }: RowsOptions): unknown[] {
  if (entry.kind === "system") return [width, entry.message];
  if (entry.kind === "user") return [width, entry.message, entry.queuedRun];
  const own = `${entry.key}/`;
  const mine = (card: string | undefined) => (card?.startsWith(own) ? card : undefined);
  const folds = [...turned].filter((card) => card.startsWith(own)).join();
  const asked = entry.messages.length === 0 && waiting.size === 0 ? "" : [...waiting].join();
  const answers = entry.runId === null ? [] : [live(entry.runId), run(entry.runId)];
  return [width, allOpen, folds, mine(chosen), asked, ...answers, ...entry.messages];
}

type Settext = (text: string, at: number, width: number) => readonly Line[];

function saidRows(entry: Exclude<Entry, AnswerEntry>, { width }: RowsOptions): readonly Row[] {
  if (entry.kind === "user") return [...userRows(entry.message, width, entry.queuedRun !== null), EMPTY];
  return [...wrapLine([span(clean(entry.message.content), MUTED)], width).map((line) => ({ line })), EMPTY];
}

const EMPTY: Row = { line: [] };
const BAR: Look = { hue: "accent", bold: true };

function userRows(message: Message, width: number, queued: UserEntry["queuedRun"] | boolean): Row[] {
  const text = message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n") || message.content;
  const lines = wrapLine([span(clean(text), STRONG)], Math.max(1, width - 2));
  const media = message.parts.filter((part) => part.type === "media").map((part) => [span(mediaWords(part), MUTED)]);
  const waits: Line[] = queued ? [[span("waits its turn", MUTED)]] : [];
  return [...lines, ...media, ...waits].map((line) => ({ line: cutLine([span("▌ ", BAR), ...line], width) }));
}

function mediaWords({ name, mime, size }: MediaPart): string {
  return `[${clean(name ?? mime)}, ${formatBytes(size)}]`;
}

function answerRows(entry: AnswerEntry, options: RowsOptions, settext: Settext): readonly Row[] {
  const { runId, messages, key } = entry;
  const answer =
    (runId === null ? undefined : options.live(runId)) ??
    recordedAnswer(runId, messages, runId === null ? undefined : options.run(runId));
  const rows: Row[] = [];
  answer.blocks.forEach((block, at) => {
    const own = blockRows(block, { ...options, card: `${key}/${at}`, at, settext, messages, answer });
    const isCard = (kind: Block["kind"] | undefined) => kind === "tool" || kind === "thinking";
    // Cards stand close to each other, text has air.
    if (rows.length > 0 && !(isCard(block.kind) && isCard(answer.blocks[at - 1]?.kind))) rows.push(EMPTY);
    rows.push(...own);
  });
  rows.push(...endRows(answer, options.width, rows.length > 0), EMPTY);
  return rows;
}

interface BlockOptions extends RowsOptions {
  readonly card: string;
  readonly at: number;
  readonly settext: Settext;
  readonly messages: readonly Message[];
  readonly answer: Answer;
}

function blockRows(block: Block, options: BlockOptions): Row[] {
  const { width, card, at, settext, messages, answer } = options;
  switch (block.kind) {
    case "text":
      return settext(block.text, at, width).map((line) => ({ line }));
    case "thinking": {
      const open = isOpen(options);
      const goesOn = block.durationMs === null && block.startedAt !== null && !isOver(answer);
      const how = block.durationMs === null ? "" : ` for ${elapsed(block.durationMs)}`;
      const title = goesOn ? "Thinking …" : `Thought${how}`;
      const head = cardHead(open, [span(title, MUTED)], options);
      return open
        ? [head, ...inside(wrapLine([span(clean(block.text.trim()), { hue: "muted", italic: true })], width - 4), card)]
        : [head];
    }
    case "tool":
      return toolRows(block, options);
    case "said":
      return messages
        .filter(({ id }) => block.messageIds.includes(id))
        .flatMap((message) => userRows(message, width, false));
    case "note":
      return wrapLine([span(noteWords(block.note, block.detail), { hue: "warn" })], width).map((line) => ({ line }));
  }
}

function isOpen({ turned, allOpen, card }: BlockOptions): boolean {
  return turned.has(card) !== allOpen;
}

function cardHead(open: boolean, words: Line, { card, chosen, width }: BlockOptions): Row {
  const line: Line = [span(open ? "▾ " : "▸ ", MUTED), ...words];
  const shown = chosen === card ? line.map((piece) => ({ ...piece, look: { ...piece.look, inverse: true } })) : line;
  return { line: cutLine(shown, width), card };
}

function inside(lines: readonly Line[], card: string): Row[] {
  const shown = lines.length > MOST_ROWS ? lines.slice(0, MOST_ROWS) : lines;
  const rows = shown.map((line) => ({ line: [span("  │ ", MUTED), ...line], card }));
  if (shown.length < lines.length) {
    rows.push({ line: [span(`  │ … ${lines.length - shown.length} more lines; the panel shows them`, MUTED)], card });
  }
  return rows;
}

export const TOOL_MARKS: Readonly<Record<ToolBlock["status"], readonly [mark: string, look: Look]>> = {
  running: ["●", { hue: "accent" }],
  ok: ["✓", { hue: "good" }],
  error: ["✗", { hue: "bad" }],
  denied: ["⊘", { hue: "warn" }],
  cancelled: ["⊘", MUTED],
  unknown: ["?", { hue: "warn" }],
};

function toolRows(block: ToolBlock, options: BlockOptions): Row[] {
  const { card, width, waiting } = options;
  const waits = waiting.has(block.callId);
  const [mark, look]: readonly [string, Look] = waits ? ["?", { hue: "warn", bold: true }] : TOOL_MARKS[block.status];
  const state = waits ? "waits for you" : ["running", "ok"].includes(block.status) ? "" : block.status;
  const end = [state, block.durationMs === null ? "" : elapsed(block.durationMs)]
    .filter((word) => word !== "")
    .join(" · ");
  const argument = argumentOf(block);
  const room = width - widthOf(block.tool) - widthOf(end) - 8;
  const words: Line = [
    span(`${mark} `, look),
    span(clean(block.tool), STRONG),
    ...(argument === "" ? [] : [span(` ${cutText(argument, Math.max(8, room))}`)]),
    ...(end === "" ? [] : [span(`  ${end}`, waits ? look : MUTED)]),
  ];
  const open = isOpen(options);
  const head = cardHead(open, words, options);
  if (open) return [head, ...inside(toolInside(block, width - 4), card)];
  if (block.status !== "running" || block.output === "") return [head];
  const lines = clean(block.output.slice(-4000)).trimEnd().split("\n").slice(-TAIL_ROWS);
  return [
    head,
    ...inside(
      lines.map((line) => cutLine([span(line, MUTED)], width - 4)),
      card,
    ),
  ];
}

function toolInside({ args, output, result, status, media }: ToolBlock, width: number): Line[] {
  const lines: Line[] = [];
  const add = (title: string, text: string) => {
    lines.push([span(title, { hue: "muted", underline: true })]);
    const own = isDiff(text)
      ? diffLines(clean(text))
      : clean(text)
          .split("\n")
          .map((line) => [span(line)]);
    lines.push(...own.slice(0, MOST_ROWS * 2).flatMap((line) => chopLine(line, width)));
  };
  const isNothing = args === undefined || (typeof args === "object" && args !== null && Object.keys(args).length === 0);
  const changes = changesOf(args);
  if (changes) lines.push(...changes.flatMap((line) => chopLine(line, width)));
  else if (!isNothing) add("Asked", asText(args));
  if (result === null && output !== "") add("Output so far", asText(output));
  if (result !== null) add("Result", result === "" ? "(nothing)" : asText(result).trimEnd());
  if (status === "unknown") lines.push([span("It is not known whether this had its effect", { hue: "warn" })]);
  for (const part of media) lines.push([span(mediaWords(part), MUTED)]);
  return lines;
}

/** What a call puts in the place of what, where its arguments say so. */
function changesOf(args: unknown): Line[] | undefined {
  if (typeof args !== "object" || args === null) return undefined;
  const { path, patch, edits = [args] } = args as Readonly<Record<string, unknown>>;
  if (typeof patch === "string") return [...diffLines(clean(patch))];
  if (typeof path !== "string" || !Array.isArray(edits)) return undefined;
  const lines = edits.map((edit: unknown) => {
    const { old_text: before, new_text: after } = edit as Readonly<Record<string, unknown>>;
    if (typeof before !== "string" || typeof after !== "string") return undefined;
    const marked = (text: string, mark: string) => clean(text).replace(/^/gm, mark);
    return diffLines(`${marked(before, "-")}\n${marked(after, "+")}`);
  });
  if (lines.some((each) => each === undefined)) return undefined;
  return [[span(clean(path), STRONG)], ...lines.flatMap((each) => each ?? [])];
}

function endRows(answer: Answer, width: number, hasText: boolean): Row[] {
  const { status, error, model, usage, durationMs } = answer;
  const say = (text: string, look: Look) => wrapLine([span(text, look)], width).map((line) => ({ line }));
  if (!isOver(answer)) return hasText ? [] : say("…", MUTED);
  const ends: Row[] = [];
  if (status === "interrupted")
    ends.push(...say("Interrupted: the server stopped while this was written", { hue: "warn" }));
  if (status === "cancelled") ends.push(...say("Stopped", { hue: "warn" }));
  if (status === "failed")
    ends.push(...say(`Failed: ${clean(error?.message ?? "no reason was given")}`, { hue: "bad" }));
  if (error?.hint !== undefined) ends.push(...say(clean(error.hint), MUTED));
  if (status === "completed" && !hasText) ends.push(...say("The model answered nothing", MUTED));
  const facts = [model, usage && usageWords(usage), durationMs === null ? null : elapsed(durationMs)];
  const words = facts.filter((fact) => fact !== null && fact !== "").join(" · ");
  if (words !== "") ends.push({ line: [span(cutText(words, width), MUTED)] });
  return ends;
}

function noteWords(note: string, detail: Readonly<Record<string, unknown>>): string {
  const word = (name: string) => (detail[name] === undefined ? "" : clean(String(detail[name])));
  switch (note) {
    case "retry":
      return `${word("provider")}/${word("model")}: ${word("failure")}; trying again`;
    case "failover":
      return `${word("provider")}/${word("model")}: ${word("failure")}; going on with ${word("to_provider")}/${word("to_model")}`;
    case "resume":
      return "The server was restarted; the answer goes on";
    case "compaction":
      return "The conversation became long: its older part is told to the model by notes";
    default:
      return word("limit") === "" ? `The model stopped: ${word("finish")}` : `Limit reached: ${word("limit")}`;
  }
}
