/** One picture of the whole screen: panes, message, status line, and what a click means where. */

import { formatBytes } from "../lib/human-units.ts";
import { answerLine, planLines } from "./approval-rows.ts";
import { filesIn } from "./completion.ts";
import type { Row, RowsOptions } from "./conversation-rows.ts";
import { layOut } from "./field.ts";
import {
  ACCENT,
  clean,
  cutLine,
  cutText,
  type Line,
  lineWidth,
  MUTED,
  PLAIN,
  padLine,
  STRONG,
  span,
  spreadLine,
  wrapLine,
} from "./line.ts";
import { overlayLines } from "./overlay-lines.ts";
import { sessionLines, toolLines } from "./panes.ts";
import { statusLine } from "./status-line.ts";
import type { Ui } from "./ui.ts";
import { viewOf } from "./viewport.ts";

export type Act =
  | { readonly kind: "card"; readonly card: string }
  | { readonly kind: "session"; readonly key: string }
  | { readonly kind: "field" }
  | { readonly kind: "end" };

export interface Frame {
  readonly lines: readonly Line[];
  /** Undefined hides it. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
  at(x: number, y: number): Act | undefined;
}

const SESSIONS_WIDTH = 28;
const TOOLS_WIDTH = 36;
/** Panes are there by themselves where the conversation keeps its width beside them. */
const SESSIONS_FROM = 110;
const TOOLS_FROM = 150;
/** Lines longer than that are hard to read. */
const WIDEST_TEXT = 100;
const LEAST_MAIN = 40;
/** Of the height: what led to a question stays in sight above it. */
const APPROVAL_SHARE = 0.65;
export const LEAST = { width: 20, height: 6 };

export interface Columns {
  readonly sessions: number;
  readonly main: number;
  readonly tools: number;
}

export function columnsOf(
  { showSessions, showTools }: { showSessions: boolean | undefined; showTools: boolean | undefined },
  width: number,
): Columns {
  const sessions =
    (showSessions ?? width >= SESSIONS_FROM) && width >= SESSIONS_WIDTH + LEAST_MAIN ? SESSIONS_WIDTH : 0;
  const left = width - sessions;
  const tools = (showTools ?? width >= TOOLS_FROM) && left >= TOOLS_WIDTH + LEAST_MAIN ? TOOLS_WIDTH : 0;
  return { sessions, tools, main: left - tools };
}

export function frameOf(ui: Ui, width: number, height: number): Frame {
  if (width < LEAST.width || height < LEAST.height) return tooSmall(width, height);
  const state = ui.state.value;
  const columns = columnsOf(state, width);
  const rows = height - 1;
  const main = mainPane(ui, columns.main, rows);
  const status = statusLine(ui, width);
  const overlay = state.overlay && overlayLines(ui, state.overlay, width, rows);
  if (overlay) return { ...overlay, lines: [...filled(overlay.lines, width, rows), status], at: () => undefined };

  const sessions = columns.sessions > 0 ? sessionLines(ui, columns.sessions - 1, rows) : undefined;
  const tools = columns.tools > 0 ? toolLines(ui, columns.tools - 2, rows) : undefined;
  const lines = main.lines.map((line, y) => [
    ...(sessions ? [...padLine(sessions.lines[y] ?? [], columns.sessions - 1), span("│", MUTED)] : []),
    ...padLine(line, columns.main),
    ...(tools ? [span("│ ", MUTED), ...padLine(tools[y] ?? [], columns.tools - 2)] : []),
  ]);
  return {
    lines: [...lines, status],
    cursor: main.cursor && { x: main.cursor.x + columns.sessions, y: main.cursor.y },
    at(x, y) {
      if (y >= rows) return undefined;
      const key = x < columns.sessions ? sessions?.keys[y] : undefined;
      if (key !== undefined) return { kind: "session", key };
      return x >= columns.sessions && x < columns.sessions + columns.main ? main.acts[y] : undefined;
    },
  };
}

interface Pane {
  readonly lines: readonly Line[];
  readonly acts: readonly (Act | undefined)[];
  readonly cursor: Frame["cursor"];
}

function mainPane(ui: Ui, width: number, height: number): Pane {
  const composer = composerPane(ui, width, Math.max(1, Math.floor(height / 3)));
  const room = height - composer.lines.length - 2;
  const question = approvalLines(ui, width - 2, Math.max(3, Math.min(room, Math.floor(height * APPROVAL_SHARE))));
  const below = [...question.map((line) => [span(" "), ...line]), ...composer.lines];
  const bodyHeight = Math.max(1, height - 1 - below.length);
  ui.pageRows = bodyHeight;
  const body = conversationPane(ui, width, bodyHeight);
  const menu = menuLines(ui, width, bodyHeight);
  const lines = [headLine(ui, width), ...body.lines.slice(0, bodyHeight - menu.length), ...menu, ...below].slice(
    0,
    height,
  );
  const acts: (Act | undefined)[] = [undefined, ...body.acts.slice(0, bodyHeight - menu.length)];
  while (acts.length < lines.length)
    acts.push(acts.length >= lines.length - composer.lines.length ? { kind: "field" } : undefined);
  const cursor = composer.cursor && {
    x: composer.cursor.x,
    y: lines.length - composer.lines.length + composer.cursor.y,
  };
  return { lines, acts, cursor };
}

function headLine(ui: Ui, width: number): Line {
  const conversation = ui.desk.conversation.value;
  const session = conversation.session.value;
  const title = titleLine(session?.title ?? null, conversation.key);
  const queued = session?.queued_runs ?? 0;
  const waits = queued > 0 ? [span(`${queued} waiting `, { hue: "warn" })] : [];
  return spreadLine([span(" "), ...title], waits, width);
}

function titleLine(title: string | null, key: string): Line {
  if (title === null) return [span(cutText(key, 60), MUTED)];
  return [span(clean(title).replaceAll("\n", " "), STRONG)];
}

export function rowsOptionsOf(ui: Ui, width: number): RowsOptions {
  const { turned, allOpen, chosen } = ui.state.value;
  const conversation = ui.desk.conversation.value;
  const runs = conversation.runs.value;
  return {
    width: Math.min(WIDEST_TEXT, width - 2),
    turned,
    allOpen,
    chosen: ui.focus() === "conversation" ? chosen : undefined,
    waiting: new Set(
      ui.desk.approvals.waiting.value.flatMap(({ call_id }) =>
        call_id === undefined || call_id === null ? [] : [call_id],
      ),
    ),
    live: (runId) => conversation.live(runId)?.value,
    run: (runId) => runs.get(runId),
  };
}

export function listOf(ui: Ui, width: number) {
  const { entries } = ui.desk.conversation.value;
  const all = entries.value;
  const options = rowsOptionsOf(ui, width);
  return { keys: all.map(({ key }) => key), rows: (at: number): readonly Row[] => ui.rowsOf(all[at]!, options) };
}

function conversationPane(ui: Ui, width: number, height: number): { lines: Line[]; acts: (Act | undefined)[] } {
  const conversation = ui.desk.conversation.value;
  const { anchor, leftAt } = ui.state.value;
  const phase = conversation.phase.value;
  const list = listOf(ui, width);
  if (list.keys.length === 0) return { lines: filled(emptyLines(phase, width), width, height), acts: [] };
  const view = viewOf(list, height, anchor);
  const shown = view.rows.map(({ line }) => [span(" "), ...line]);
  const acts: (Act | undefined)[] = view.rows.map(({ card }) =>
    card === undefined ? undefined : { kind: "card", card },
  );
  if (view.atStart && conversation.hasOlder.value) shown[0] = [span(" … older messages", MUTED)];
  const lines = filled(shown, width, height);
  if (!view.atEnd) {
    const isNew = leftAt !== endMark(list);
    const words = isNew ? " ↓ new below: Ctrl+End " : " ↓ Ctrl+End ";
    const marker = span(words, isNew ? { hue: "accent", bold: true, inverse: true } : { hue: "muted", inverse: true });
    const at = height - 1;
    lines[at] = [...padLine(lines[at] ?? [], Math.max(0, width - lineWidth([marker]) - 1)), marker, span(" ")];
    acts[at] = { kind: "end" };
  }
  return { lines, acts };
}

/** Changes whenever something comes at the end. */
export function endMark(list: ReturnType<typeof listOf>): string {
  const last = list.keys.length - 1;
  return last < 0 ? "" : `${list.keys[last]} ${list.rows(last).length}`;
}

function emptyLines(
  phase: { readonly kind: string; readonly trouble?: { readonly reason: string; readonly message: string } },
  width: number,
): Line[] {
  if (phase.kind === "loading") return [[], [span(" Loading …", MUTED)]];
  const trouble = phase.kind === "failed" && phase.trouble?.reason !== "not_found" ? phase.trouble?.message : undefined;
  if (trouble !== undefined) return [[], ...wrapLine([span(` ${clean(trouble)}`, { hue: "bad" })], width)];
  return [
    [],
    [span(" Nothing has been said here yet.", MUTED)],
    [
      span(" Write below. ", MUTED),
      span("/", ACCENT),
      span(" lists commands, ", MUTED),
      span("@", ACCENT),
      span(" attaches a file, ", MUTED),
      span("?", ACCENT),
      span(" shows the keys.", MUTED),
    ],
  ];
}

/** As high as it needs to be; longer ones scroll, and nothing of them is left out. */
function approvalLines(ui: Ui, width: number, most: number): Line[] {
  const question = ui.question();
  if (!question) return [];
  const plan = planLines(question, width);
  const focused = ui.focus() === "approval";
  const answers = answerLine(question, { focused, ready: ui.isReady(question), now: ui.now });
  const room = Math.max(1, most - 2);
  const rule = [span("─".repeat(width), { hue: "warn" })];
  if (plan.length <= room) return [rule, ...plan, answers];
  const top = Math.min(ui.state.value.approvalTop, plan.length - room);
  const left = plan.length - top - room;
  const where = span(`  ${left > 0 ? `${left} more: PgDn` : "the end"}`, { hue: "warn", bold: true });
  return [rule, ...plan.slice(top, top + room), spreadLine(answers, [where], width)];
}

const PROMPT = "› ";

function composerPane(ui: Ui, width: number, most: number): Pane {
  const { field, notice } = ui.state.value;
  const focus = ui.focus();
  const room = width - PROMPT.length - 2;
  const layout = layOut(field, room);
  const height = Math.min(most, layout.rows.length);
  const first = Math.max(0, Math.min(layout.row - height + 1, layout.rows.length - height));
  const files = filesIn(field.text, ui.options.folder);
  const attached = files.map(({ shown, size }) => `${clean(shown)} (${formatBytes(size)})`).join(", ");
  const words = notice ? ` ${notice.text} ` : attached === "" ? "" : ` with ${attached} `;
  const title = cutText(words, width - 6);
  const rule: Line = [span(title === "" ? "" : "──", MUTED), span(title, notice ? { hue: notice.hue } : ACCENT)];
  const head = [...rule, span("─".repeat(Math.max(0, width - lineWidth(rule))), focus === "field" ? ACCENT : MUTED)];
  const isBusy = ui.desk.conversation.value.activeRun.value !== undefined;
  const rows: Line[] =
    field.text === ""
      ? [
          [
            span(
              focus === "approval"
                ? "Answer above, or Esc to write"
                : isBusy
                  ? "Write what comes next"
                  : "Write a message",
              MUTED,
            ),
          ],
        ]
      : layout.rows.slice(first, first + height).map(({ text }) => [span(clean(text))]);
  const lines = rows.map((row, at) => [
    span(` ${first + at === 0 ? PROMPT : "  "}`, focus === "field" ? ACCENT : MUTED),
    ...row,
  ]);
  const cursor = focus === "field" ? { x: layout.column + PROMPT.length + 1, y: 1 + layout.row - first } : undefined;
  return { lines: [cutLine(head, width), ...lines], acts: [], cursor };
}

const MENU_ROWS = 8;

function menuLines(ui: Ui, width: number, most: number): Line[] {
  const menu = ui.menu();
  if (!menu) return [];
  const { menuIndex } = ui.state.value;
  const rows = Math.min(MENU_ROWS, menu.choices.length, Math.max(1, most - 1));
  const first = Math.max(0, Math.min(menuIndex - rows + 1, menu.choices.length - rows));
  const left = Math.min(32, Math.max(...menu.choices.map(({ shown }) => shown.length)) + 2);
  return menu.choices.slice(first, first + rows).map(({ shown, note }, at) => {
    const isChosen = first + at === menuIndex;
    const mark = span(isChosen ? " ▸ " : "   ", ACCENT);
    const words = span(cutText(clean(shown), left).padEnd(left), isChosen ? { hue: "accent", bold: true } : PLAIN);
    return cutLine([mark, words, span(clean(note).replaceAll("\n", " "), MUTED)], width - 1);
  });
}

function filled(lines: readonly Line[], width: number, height: number): Line[] {
  return Array.from({ length: height }, (_, at) => padLine(lines[at] ?? [], width));
}

function tooSmall(width: number, height: number): Frame {
  const lines = Array.from({ length: height }, (_, at) => padLine(at === 0 ? [span("Too small")] : [], width));
  return { lines, cursor: undefined, at: () => undefined };
}
