/** What each key does. */

import { ANSWERS } from "./approval-rows.ts";
import { erase, type Field, fieldOf, insert, type Motion, move, moveLine, recall, replace } from "./field.ts";
import type { Act } from "./frame.ts";
import { columnsOf, endMark, listOf } from "./frame.ts";
import { pickMessage, pickModel, pickSession, refind, shownItems } from "./pickers.ts";
import type { Ui } from "./ui.ts";
import type { Overlay, UiState } from "./ui-state.ts";
import { scrolled, startOf, viewOf } from "./viewport.ts";
import { COMMANDS, titleOf } from "./words.ts";

export interface Key {
  /** As `a`, `return`, `escape`, `up`, `f2`. */
  readonly name: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  /** What it writes; empty where it writes nothing. */
  readonly text: string;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const WHEEL_ROWS = 3;

export function press(ui: Ui, key: Key, size: Size): void {
  const name = nameOf(key);
  if (name === "ctrl+c") return void ui.interrupt();
  if (ui.state.peek().leaving) ui.set({ leaving: false, notice: undefined });
  const { overlay } = ui.state.peek();
  if (overlay) return void pressOverlay(ui, overlay, key, name, size);
  const focus = ui.focus();
  if (focus === "approval" && pressApproval(ui, key, name)) return;
  if (pressAnywhere(ui, name, size)) return;
  if (focus === "conversation") pressConversation(ui, name, size);
  else if (focus === "sessions") pressSessions(ui, name);
  else if (focus === "field") pressField(ui, key, name, size);
}

export function paste(ui: Ui, text: string): void {
  const { overlay, field } = ui.state.peek();
  const added = text.replace(/\r\n?/g, "\n");
  if (overlay?.kind === "pick") refind(ui, overlay, insert(overlay.field, added.replaceAll("\n", " ")));
  else if (overlay?.kind === "write")
    ui.set({ overlay: { ...overlay, field: insert(overlay.field, added.replaceAll("\n", " ")) } });
  // What is pasted never answers a question.
  else if (!overlay) {
    ui.set({ focus: "field" });
    ui.write(insert(field, added));
  }
}

export function wheel(ui: Ui, by: -1 | 1, size: Size): void {
  const { overlay } = ui.state.peek();
  if (overlay?.kind === "keys") ui.set({ overlay: { ...overlay, top: Math.max(0, overlay.top + by * WHEEL_ROWS) } });
  else if (overlay?.kind === "pick") choose(ui, overlay, by);
  else if (!overlay) scroll(ui, by * WHEEL_ROWS, size);
}

export function click(ui: Ui, act: Act | undefined): void {
  if (act?.kind === "card") turn(ui, act.card);
  else if (act?.kind === "session") ui.open(act.key);
  else if (act?.kind === "end") ui.set({ anchor: undefined, leftAt: undefined });
  else if (act?.kind === "field") ui.set({ focus: "field" });
}

function nameOf({ ctrl, alt, shift, name }: Key): string {
  return `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift && name.length > 1 ? "shift+" : ""}${name}`;
}

/** Keys that mean the same everywhere; true when it was one. */
function pressAnywhere(ui: Ui, name: string, size: Size): boolean {
  const acts: Readonly<Record<string, () => void>> = {
    "ctrl+n": () => ui.begin(),
    "ctrl+p": () => pickSession(ui),
    "ctrl+f": () => pickMessage(ui),
    "ctrl+l": () => pickModel(ui),
    "ctrl+b": () => togglePane(ui, "showSessions", size),
    "ctrl+t": () => togglePane(ui, "showTools", size),
    "ctrl+o": () => ui.set({ allOpen: !ui.state.peek().allOpen, turned: new Set() }),
    f1: () => ui.overlay({ kind: "keys", top: 0 }),
    pageup: () => scroll(ui, -Math.max(1, ui.pageRows - 2), size),
    pagedown: () => scroll(ui, Math.max(1, ui.pageRows - 2), size),
    "shift+up": () => scroll(ui, -1, size),
    "shift+down": () => scroll(ui, 1, size),
    "ctrl+home": () => toStart(ui, size),
    "ctrl+end": () => ui.set({ anchor: undefined, leftAt: undefined }),
    tab: () => nextFocus(ui, size),
  };
  const isMenu = name === "tab" && ui.menu() !== undefined;
  const act = isMenu ? undefined : acts[name];
  act?.();
  return act !== undefined;
}

function togglePane(ui: Ui, pane: "showSessions" | "showTools", { width }: Size): void {
  const columns = columnsOf(ui.state.peek(), width);
  const isShown = (pane === "showSessions" ? columns.sessions : columns.tools) > 0;
  ui.set({ [pane]: !isShown });
  const after = columnsOf(ui.state.peek(), width);
  if (!isShown && (pane === "showSessions" ? after.sessions : after.tools) === 0)
    ui.say("There is no room for it beside the conversation");
  if (isShown && pane === "showSessions" && ui.focus() === "sessions") ui.set({ focus: "field" });
}

function nextFocus(ui: Ui, { width }: Size): void {
  const { focus } = ui.state.peek();
  const hasList = columnsOf(ui.state.peek(), width).sessions > 0;
  if (ui.focus() === "field" && ui.question()) return void ui.set({ focus: "approval" });
  const next =
    ui.focus() === "conversation" && hasList
      ? "sessions"
      : focus === "conversation" || focus === "sessions"
        ? "field"
        : "conversation";
  ui.set({ focus: next });
  if (next === "sessions") {
    const open = ui.desk.conversation.peek().key;
    ui.set({
      sessionIndex: Math.max(
        0,
        ui.desk.sessions.rows.peek().findIndex(({ session_key }) => session_key === open),
      ),
    });
  }
}

export function scroll(ui: Ui, by: number, { width }: Size): void {
  const list = listOf(ui, columnsOf(ui.state.peek(), width).main);
  const { anchor, leftAt } = ui.state.peek();
  const next = scrolled(list, ui.pageRows, anchor, by);
  ui.set({ anchor: next, leftAt: next === undefined ? undefined : (leftAt ?? endMark(list)) });
  const conversation = ui.desk.conversation.peek();
  const isNearStart = next !== undefined && list.keys.indexOf(next.key) < 4;
  if (by < 0 && isNearStart && conversation.hasOlder.peek()) void conversation.loadOlder();
}

function toStart(ui: Ui, { width }: Size): void {
  const conversation = ui.desk.conversation.peek();
  const main = columnsOf(ui.state.peek(), width).main;
  const go = () => {
    const list = listOf(ui, main);
    ui.set({ anchor: startOf(list), leftAt: ui.state.peek().leftAt ?? endMark(list) });
  };
  go();
  // One page more; who wants the very beginning presses on.
  if (conversation.hasOlder.peek()) void conversation.loadOlder();
}

function pressApproval(ui: Ui, { text }: Key, name: string): boolean {
  const question = ui.question();
  if (!question) return false;
  const { approvalTop } = ui.state.peek();
  if (name === "escape") ui.set({ focus: "field", later: question.approval_id });
  else if (name === "pagedown" || name === "down") ui.set({ approvalTop: approvalTop + (name === "down" ? 1 : 5) });
  else if (name === "pageup" || name === "up")
    ui.set({ approvalTop: Math.max(0, approvalTop - (name === "up" ? 1 : 5)) });
  else if (text !== "" && !name.startsWith("ctrl+")) {
    const decision = ANSWERS[text.toLowerCase()];
    const isOffered = decision !== undefined && !(decision === "always" && question.pattern === null);
    if (isOffered && ui.isReady(question)) ui.answer(question, decision);
  } else return false;
  return true;
}

function pressConversation(ui: Ui, name: string, size: Size): void {
  const { chosen } = ui.state.peek();
  if (name === "escape") ui.set({ focus: "field" });
  else if (name === "return" && chosen !== undefined) turn(ui, chosen);
  else if (name === "up" || name === "down") chooseCard(ui, name === "up" ? -1 : 1, size);
  else if (name === "home") toStart(ui, size);
  else if (name === "end") ui.set({ anchor: undefined, leftAt: undefined });
  else if (name === "?") ui.overlay({ kind: "keys", top: 0 });
}

function turn(ui: Ui, card: string): void {
  const { turned, anchor } = ui.state.peek();
  const next = new Set(turned);
  if (!next.delete(card)) next.add(card);
  ui.set({ turned: next, chosen: card, anchor });
}

/** The next card that is in sight; where there is none, the conversation moves. */
function chooseCard(ui: Ui, by: -1 | 1, size: Size): void {
  const { anchor, chosen } = ui.state.peek();
  const list = listOf(ui, columnsOf(ui.state.peek(), size.width).main);
  const { rows } = viewOf(list, ui.pageRows, anchor);
  const cards = [...new Set(rows.flatMap(({ card }) => (card === undefined ? [] : [card])))];
  const at = chosen === undefined ? -1 : cards.indexOf(chosen);
  const next = at < 0 ? (by < 0 ? cards.length - 1 : 0) : at + by;
  if (cards[next] === undefined) scroll(ui, by * WHEEL_ROWS, size);
  else ui.set({ chosen: cards[next] });
}

function pressSessions(ui: Ui, name: string): void {
  const { sessions } = ui.desk;
  const rows = sessions.rows.peek();
  const { sessionIndex } = ui.state.peek();
  const session = rows[sessionIndex];
  if (name === "escape") ui.set({ focus: "field" });
  else if (name === "up" || name === "down") {
    const next = Math.max(0, Math.min(rows.length - 1, sessionIndex + (name === "up" ? -1 : 1)));
    ui.set({ sessionIndex: next });
    if (next >= rows.length - 3) ui.try(() => sessions.loadMore());
  } else if (session && name === "return") ui.open(session.session_key);
  else if (session && name === "f2") ui.rename(session.session_key, session.title ?? "");
  else if (session && name === "delete") ui.remove(session.session_key, titleOf(session));
  else if (name === "?") ui.overlay({ kind: "keys", top: 0 });
}

const MOTIONS: Readonly<Record<string, Motion>> = {
  left: "left",
  right: "right",
  "ctrl+left": "word-left",
  "alt+left": "word-left",
  "alt+b": "word-left",
  "ctrl+right": "word-right",
  "alt+right": "word-right",
  "alt+f": "word-right",
  home: "line-start",
  "ctrl+a": "line-start",
  end: "line-end",
  "ctrl+e": "line-end",
};

const ERASERS: Readonly<Record<string, Motion>> = {
  backspace: "left",
  "shift+backspace": "left",
  delete: "right",
  "ctrl+w": "word-left",
  "alt+backspace": "word-left",
  "ctrl+backspace": "word-left",
  "alt+d": "word-right",
  "ctrl+u": "line-start",
  "ctrl+k": "line-end",
};

/** The field after a key that edits it; undefined where it is none of these. */
export function edited(field: Field, { text }: Pick<Key, "text">, name: string): Field | undefined {
  const motion = MOTIONS[name];
  if (motion) return move(field, motion);
  const eraser = ERASERS[name];
  if (eraser) return erase(field, eraser);
  return text === "" || name.startsWith("ctrl+") || name.startsWith("alt+") ? undefined : insert(field, text);
}

const NEW_LINE = ["alt+return", "shift+return", "ctrl+j", "linefeed", "ctrl+return"];

function pressField(ui: Ui, key: Key, name: string, size: Size): void {
  const { field } = ui.state.peek();
  if (pressMenu(ui, name)) return;
  if (name === "return") {
    if (field.text.endsWith("\\") && field.cursor === field.text.length)
      return void ui.write(replace(field, field.cursor - 1, field.cursor, "\n"));
    return void submit(ui);
  }
  if (NEW_LINE.includes(name)) return void ui.write(insert(field, "\n"));
  if (name === "ctrl+g") return void ui.send("steer");
  if (name === "ctrl+d" && field.text === "") return void ui.options.leave(0);
  if (name === "escape") return void ui.set({ anchor: undefined, leftAt: undefined, notice: undefined });
  if (key.text === "?" && field.text === "") return void ui.overlay({ kind: "keys", top: 0 });
  if (name === "up" || name === "down") return void pressUpDown(ui, name === "up" ? -1 : 1, size);
  const next = edited(field, key, name);
  if (next) ui.write(next);
  if (next?.text.startsWith("/")) void ui.desk.commands.load();
}

function pressUpDown(ui: Ui, by: -1 | 1, { width }: Size): void {
  const { field } = ui.state.peek();
  const moved = field.back >= 0 ? undefined : moveLine(field, by, columnsOf(ui.state.peek(), width).main - 4);
  const next = moved ?? recall(field, by === -1 ? 1 : -1, ui.options.history.entries);
  if (next) ui.set({ field: next });
}

function pressMenu(ui: Ui, name: string): boolean {
  const menu = ui.menu();
  if (!menu) return false;
  const { menuIndex, field } = ui.state.peek();
  const count = menu.choices.length;
  const choice = menu.choices[Math.min(menuIndex, count - 1)]!;
  if (name === "up" || name === "down") ui.set({ menuIndex: (menuIndex + (name === "up" ? count - 1 : 1)) % count });
  else if (name === "escape") ui.set({ menuClosed: field.text });
  else if (name === "tab" || name === "return") {
    const isWhole = field.text.slice(menu.from, menu.to) === choice.text;
    // A word that is whole already is meant as it stands.
    if (name === "return" && isWhole && !choice.goesOn) return false;
    const isCommand = menu.from === 0 && choice.text.startsWith("/");
    const next = replace(field, menu.from, menu.to, choice.text);
    ui.set({ field: next, menuIndex: 0, menuClosed: choice.goesOn ? undefined : next.text });
    if (name === "return" && isCommand) submit(ui);
  } else return false;
  return true;
}

/** A message, or a word of our own behind a slash. */
function submit(ui: Ui): void {
  const { field } = ui.state.peek();
  const [, word = "", argument = ""] = /^\/(\S+)\s*(.*)$/s.exec(field.text.trim()) ?? [];
  if (!COMMANDS.some((command) => command.word === word)) return void ui.send("queue");
  ui.set({ field: fieldOf(""), notice: undefined });
  ui.remember(field.text);
  runOwn(ui, word, argument.trim());
}

function runOwn(ui: Ui, word: string, argument: string): void {
  const conversation = ui.desk.conversation.peek();
  const session = conversation.session.peek();
  const acts: Readonly<Record<string, () => void>> = {
    new: () => ui.begin(),
    sessions: () => (argument === "" ? pickSession(ui) : ui.open(argument)),
    search: () => pickMessage(ui),
    model: () => (argument === "" ? pickModel(ui) : ui.choose(argument)),
    rename: () => {
      if (argument === "") ui.rename(conversation.key, session?.title ?? "");
      else ui.try(async () => ui.desk.sessions.rename((await ui.desk.made()).key, argument.slice(0, 200)));
    },
    delete: () => ui.remove(conversation.key, session ? titleOf(session) : conversation.key),
    stop: () => {
      if (!ui.stop()) ui.say("Nothing is being written here");
    },
    theme: () =>
      ui.set({
        theme:
          argument === "light" || argument === "dark" ? argument : ui.state.peek().theme === "dark" ? "light" : "dark",
      }),
    help: () => ui.overlay({ kind: "keys", top: 0 }),
    quit: () => ui.options.leave(0),
  };
  acts[word]?.();
}

function pressOverlay(ui: Ui, overlay: Overlay, key: Key, name: string, { height }: Size): void {
  if (name === "escape") return void ui.overlay(undefined);
  switch (overlay.kind) {
    case "keys": {
      const by = { up: -1, down: 1, pageup: 2 - height, pagedown: height - 2 }[name];
      if (by !== undefined) ui.set({ overlay: { ...overlay, top: Math.max(0, overlay.top + by) } });
      else ui.overlay(undefined);
      return;
    }
    case "pick": {
      const item = shownItems(overlay)[overlay.index];
      if (name === "up" || name === "down") choose(ui, overlay, name === "up" ? -1 : 1);
      else if (name === "return") {
        if (item) overlay.choose(item);
      } else {
        const next = edited(overlay.field, key, name);
        if (next) refind(ui, overlay, next);
      }
      return;
    }
    case "write": {
      if (name === "return") {
        ui.overlay(undefined);
        overlay.done(overlay.field.text);
      } else {
        const field = edited(overlay.field, key, name);
        if (field) ui.set({ overlay: { ...overlay, field } });
      }
      return;
    }
    case "confirm":
      if (key.text === "y" || key.text === "n" || name === "return") ui.overlay(undefined);
      if (key.text === "y") overlay.yes();
  }
}

function choose(ui: Ui, overlay: Extract<Overlay, { kind: "pick" }>, by: -1 | 1): void {
  const count = shownItems(overlay).length;
  if (count === 0) return;
  ui.set({
    overlay: { ...overlay, index: Math.max(0, Math.min(count - 1, overlay.index + by)) },
  } satisfies Partial<UiState>);
}
