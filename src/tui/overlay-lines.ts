/** What lies over everything else: keys, lists to choose from, a name to write, a question to confirm. */
import { layOut } from "./field.ts";
import {
  ACCENT,
  clean,
  cutLine,
  cutText,
  type Line,
  MUTED,
  PLAIN,
  STRONG,
  span,
  spreadLine,
  wrapLine,
} from "./line.ts";
import { type Pick, shownItems } from "./pickers.ts";
import type { Ui } from "./ui.ts";
import type { Overlay } from "./ui-state.ts";
import { KEYS } from "./words.ts";

export interface OverlayPicture {
  readonly lines: readonly Line[];
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
}

export function overlayLines(ui: Ui, overlay: Overlay, width: number, height: number): OverlayPicture {
  switch (overlay.kind) {
    case "keys": {
      const lines = keyLines(width);
      const top = Math.min(overlay.top, Math.max(0, lines.length - height));
      return { lines: lines.slice(top, top + height), cursor: undefined };
    }
    case "pick":
      return pickLines(overlay, ui.state.value.notice?.text, width, height);
    case "write": {
      const { column, row } = layOut(overlay.field, width - 4);
      const lines = layOut(overlay.field, width - 4).rows.map(({ text }, at) => [
        span(at === 0 ? " › " : "   ", ACCENT),
        span(clean(text)),
      ]);
      return {
        lines: [head(overlay.title, "Enter saves, Esc leaves it", width), [], ...lines],
        cursor: { x: column + 3, y: row + 2 },
      };
    }
    case "confirm":
      return {
        lines: [
          [],
          ...wrapLine([span(` ${clean(overlay.text)}`, STRONG)], width - 1),
          [],
          [span(" y", { hue: "bad", bold: true }), span(" yes   "), span("n", ACCENT), span(" no")],
        ],
        cursor: undefined,
      };
  }
}

function head(title: string, hint: string, width: number): Line {
  return spreadLine([span(` ${title}`, STRONG)], [span(`${hint} `, MUTED)], width);
}

export function keyLines(width: number): Line[] {
  const left = Math.min(28, Math.floor(width * 0.4));
  const rows = KEYS.flatMap(([title, keys]) => [
    [span(` ${title}`, STRONG)],
    ...keys.flatMap(([key, what]) =>
      wrapLine([span(what)], Math.max(10, width - left - 3)).map((line, at) => [
        span(` ${(at === 0 ? key : "").padEnd(left)} `, ACCENT),
        ...line,
      ]),
    ),
    [],
  ]);
  return [head("Keys", "Esc closes, PgDn", width), ...rows];
}

function pickLines(overlay: Pick, notice: string | undefined, width: number, height: number): OverlayPicture {
  const { title, field, index, trouble, items } = overlay;
  const { column } = layOut({ ...field }, Number.MAX_SAFE_INTEGER);
  const shown = shownItems(overlay);
  const room = Math.max(1, height - 4);
  const first = Math.max(0, Math.min(index - room + 1, shown.length - room));
  const rows = shown.slice(first, first + room).map(({ text, note }, at) => {
    const isChosen = first + at === index;
    const words = span(cutText(text, Math.max(10, width - 30)), isChosen ? { hue: "accent", bold: true } : PLAIN);
    return cutLine(
      spreadLine([span(isChosen ? " ▸ " : "   ", ACCENT), words], [span(` ${cutText(note, 40)} `, MUTED)], width),
      width,
    );
  });
  const said = trouble ?? notice;
  const state: Line[] =
    said !== undefined
      ? [[span(` ${clean(said)}`, { hue: "bad" })]]
      : items === undefined
        ? [[span(" Loading …", MUTED)]]
        : rows.length === 0
          ? [[span(" Nothing found", MUTED)]]
          : [];
  return {
    lines: [
      head(title, "Enter chooses, Esc closes", width),
      [span(" › ", ACCENT), span(clean(field.text))],
      [],
      ...state,
      ...rows,
    ],
    cursor: { x: Math.min(width - 1, column + 3), y: 1 },
  };
}
