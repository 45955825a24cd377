/** The list of conversations on the left, and tools and approvals on the right. */
import { argumentOf } from "../panel/components/tool-words.ts";
import { recordedAnswer, type ToolBlock } from "../panel/state/answer.ts";
import { TOOL_MARKS } from "./conversation-rows.ts";
import {
  ACCENT,
  clean,
  cutLine,
  cutText,
  type Line,
  type Look,
  MUTED,
  padLine,
  STRONG,
  span,
  spreadLine,
  widthOf,
} from "./line.ts";
import type { Ui } from "./ui.ts";
import { age, elapsed, titleOf } from "./words.ts";

export interface SessionsPane {
  readonly lines: readonly Line[];
  /** By row. */
  readonly keys: readonly (string | undefined)[];
}

export function sessionLines(ui: Ui, width: number, height: number): SessionsPane {
  const { sessions, approvals, conversation } = ui.desk;
  const { sessionIndex } = ui.state.value;
  const rows = sessions.rows.value;
  const isFocused = ui.focus() === "sessions";
  const waiting = new Set(approvals.waiting.value.map(({ session_key }) => session_key));
  const room = Math.max(1, height - 2);
  const first = Math.max(0, Math.min(sessionIndex - room + 1, rows.length - room));
  const shown = rows.slice(first, first + room);
  const now = ui.now;
  const open = conversation.value.key;
  const lines = shown.map((session, at) => {
    const isOpen = session.session_key === open;
    const mark: readonly [string, Look] = waiting.has(session.session_key)
      ? ["?", { hue: "warn", bold: true }]
      : session.active_run === null
        ? [isOpen ? "▸" : " ", ACCENT]
        : ["●", { hue: "accent" }];
    const look: Look = {
      hue: isOpen ? "accent" : "text",
      bold: isOpen,
      inverse: isFocused && first + at === sessionIndex,
    };
    const when = age(session.updated_at, now);
    const title = cutText(titleOf(session), Math.max(4, width - widthOf(when) - 4));
    return spreadLine([span(`${mark[0]} `, mark[1]), span(title, look)], [span(` ${when}`, MUTED)], width);
  });
  const none: Line[] = rows.length === 0 ? [[span(" No conversations yet", MUTED)]] : [];
  const foot = isFocused ? "Enter F2 Delete" : "Tab, Ctrl+P";
  const body = [...lines, ...none].slice(0, room);
  while (body.length < room) body.push([]);
  return {
    lines: [
      spreadLine(
        [span(" Conversations", STRONG)],
        [span(rows.length > 0 ? `${rows.length}${sessions.hasMore.value ? "+" : ""} ` : "", MUTED)],
        width,
      ),
      ...body,
      [span(` ${foot}`, MUTED)],
    ],
    keys: [undefined, ...shown.map(({ session_key }) => session_key)],
  };
}

/** Answers that are looked through for tools. */
const LATEST = 8;

export function toolLines(ui: Ui, width: number, height: number): readonly Line[] {
  const waiting = ui.desk.approvals.waiting.value;
  const open = ui.desk.conversation.value.key;
  const asked = waiting.map(({ tool, plan, session_key }) => {
    const where = session_key === open ? "" : " elsewhere";
    const about = argumentOf({ tool, args: plan });
    return cutLine(
      [span("? ", { hue: "warn", bold: true }), span(clean(tool), STRONG), span(`${where} ${clean(about)}`, MUTED)],
      width,
    );
  });
  const approvals: Line[] = [
    [span("Approvals", STRONG)],
    ...(asked.length > 0 ? asked : [[span("none wait", MUTED)]]),
    [],
  ];
  const room = Math.max(0, height - approvals.length - 1);
  const calls = callsOf(ui, room).map(({ tool, args, status, durationMs }) => {
    const [mark, look] = TOOL_MARKS[status];
    const time = durationMs === null ? "" : ` ${elapsed(durationMs)}`;
    const words: Line = [
      span(`${mark} `, look),
      span(clean(tool), STRONG),
      span(` ${argumentOf({ tool, args })}`, MUTED),
    ];
    return [...padLine(words, Math.max(4, width - time.length)), span(time, MUTED)];
  });
  return [...approvals, [span("Tools", STRONG)], ...(calls.length > 0 ? calls : [[span("none were called", MUTED)]])];
}

/** The newest last. */
function callsOf(ui: Ui, most: number): readonly ToolBlock[] {
  const conversation = ui.desk.conversation.value;
  const runs = conversation.runs.value;
  const answers = conversation.entries.value.filter((entry) => entry.kind === "answer").slice(-LATEST);
  const calls = answers.flatMap(({ runId, messages }) => {
    const answer =
      (runId === null ? undefined : conversation.live(runId)?.value) ??
      recordedAnswer(runId, messages, runId === null ? undefined : runs.get(runId));
    return answer.blocks.filter((block) => block.kind === "tool");
  });
  return most === 0 ? [] : calls.slice(-most);
}
