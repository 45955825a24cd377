/** What the visitor sees: a button at the corner and a conversation, in a shadow root that the page's styles do not reach. */
import { type Answer, type Chat, type ChatState, isBusy, type Line, type Said } from "./chat.ts";
import { createProse, type Prose } from "./markdown.ts";
import { failureWord, type Speech, type Word } from "./words.ts";

export interface ViewOptions {
  readonly window: Window & typeof globalThis;
  readonly speech: Speech;
  readonly title: string;
  readonly theme: "light" | "dark" | undefined;
  readonly side: "left" | "right";
  readonly css: string;
  /** Called once, before the first `show`. */
  readonly chat: () => Chat;
}

export interface View {
  show(state: ChatState): void;
}

/** Letters of a message; the server takes some more. */
const LONGEST = 8_000;
/** How near the end counts as being there. */
const NEAR_PX = 48;
const SPOKEN = 500;
const PHONE = "(max-width: 480px)";

const ICONS = {
  chat: "M5 7h22v15H15l-6 5v-5H5zM11 12.5h10M11 16.5h6",
  close: "M8 8l16 16M24 8 8 24",
  anew: "M25 16a9 9 0 1 1-3-6.7M25 5v5h-5",
  send: "M16 26V7M8 14l8-8 8 8",
  stop: "M9 9h14v14H9z",
} as const;

export function createView({ window, speech, title, theme, side, css, chat: getChat }: ViewOptions): View {
  const { document } = window;
  const { say, tag } = speech;
  const host = document.createElement("aleph-widget");
  host.lang = tag;
  if (theme) host.dataset.theme = theme;
  const root = host.attachShadow({ mode: "open" });
  // Not a <style>, which the page's own policy may refuse.
  const sheet = new window.CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const launch = button("launch", "chat", say("open"));
  const dialog = make("section", "dialog");
  const heading = make("h2", "title", title);
  const anew = button("icon", "anew", say("anew"));
  const close = button("icon", "close", say("close"));
  const log = make("div", "log");
  const hello = make("p", "hello", say("hello"));
  const notice = make("div", "notice");
  const spoken = make("div", "spoken");
  const form = make("form", "composer");
  const input = make("textarea", "input");
  const stop = button("act", "stop", say("stop"));
  const send = button("act primary", "send", say("send"));
  const about = make("p", "about", say("ai"));

  launch.setAttribute("aria-expanded", "false");
  launch.setAttribute("aria-haspopup", "dialog");
  dialog.hidden = true;
  dialog.setAttribute("role", "dialog");
  heading.id = "title";
  dialog.setAttribute("aria-labelledby", "title");
  // Spoken as a whole when an answer is there, not piece by piece while it grows.
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "off");
  log.setAttribute("aria-label", say("log"));
  log.tabIndex = 0;
  notice.setAttribute("role", "status");
  spoken.setAttribute("role", "status");
  input.rows = 1;
  input.maxLength = LONGEST;
  input.setAttribute("aria-label", say("message"));
  input.placeholder = say("message");
  send.type = "submit";
  stop.hidden = true;
  const head = make("header", "head");
  head.append(heading, anew, close);
  const acts = make("div", "acts");
  acts.append(stop, send);
  form.append(input, acts);
  log.append(hello);
  dialog.append(head, log, notice, form, about, spoken);
  const frame = make("div", `frame ${side}`);
  frame.append(dialog, launch);
  root.append(frame);
  document.body.append(host);

  const shown = new Map<number, ShownLine>();
  let chat: Chat | undefined;
  let drawn = 0;
  let latest: ChatState | undefined;
  const phone = window.matchMedia(PHONE);

  launch.addEventListener("click", () => (dialog.hidden ? open() : shut()));
  close.addEventListener("click", shut);
  anew.addEventListener("click", () => {
    chat?.clear();
    input.focus();
  });
  stop.addEventListener("click", () => {
    chat?.stop();
    input.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener("input", grow);
  dialog.addEventListener("keydown", onKey);
  phone.addEventListener("change", suit);
  // The keyboard of a phone covers what is fixed to the window.
  window.visualViewport?.addEventListener("resize", suit);

  function open(): void {
    chat ??= getChat();
    dialog.hidden = false;
    launch.setAttribute("aria-expanded", "true");
    launch.setAttribute("aria-label", say("close"));
    suit();
    chat.start();
    input.focus();
  }

  function shut(): void {
    dialog.hidden = true;
    launch.setAttribute("aria-expanded", "false");
    launch.setAttribute("aria-label", say("open"));
    launch.focus();
  }

  /** On a phone it is all that there is; elsewhere it stands beside the page. */
  function suit(): void {
    if (phone.matches) dialog.setAttribute("aria-modal", "true");
    else dialog.removeAttribute("aria-modal");
    const { visualViewport } = window;
    if (visualViewport) frame.style.setProperty("--seen", `${visualViewport.height}px`);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      shut();
    } else if (event.key === "Enter" && !event.shiftKey && root.activeElement === input) {
      event.preventDefault();
      submit();
    } else if (event.key === "Tab" && phone.matches) keepFocus(event);
  }

  function keepFocus(event: KeyboardEvent): void {
    const all = [...dialog.querySelectorAll<HTMLElement>("button, textarea, a[href], [tabindex='0']")].filter(
      (element) => element.checkVisibility() && !(element as HTMLButtonElement).disabled,
    );
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (root.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0])?.focus();
  }

  function submit(): void {
    const text = input.value.trim();
    if (text === "" || !chat || chat.state.link.kind === "refused") return;
    input.value = "";
    grow();
    chat.send(text);
    log.scrollTop = log.scrollHeight;
  }

  function grow(): void {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }

  /** At most once for each picture that the browser shows. */
  function show(state: ChatState): void {
    const before = latest;
    latest = state;
    speak(before, state);
    if (drawn === 0) {
      // Hidden pages have no pictures, and a conversation goes on in them.
      if (document.hidden) draw();
      else drawn = window.requestAnimationFrame(draw);
    }
  }

  function draw(): void {
    drawn = 0;
    const { link, lines } = latest!;
    dialog.dataset.link = link.kind;
    const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
    hello.hidden = lines.length > 0;
    const kept = new Set(lines.map(({ id }) => id));
    for (const [id, { element }] of shown) {
      if (kept.has(id)) continue;
      element.remove();
      shown.delete(id);
    }
    for (const line of lines) {
      let known = shown.get(line.id);
      if (!known) {
        known = createLine(line);
        shown.set(line.id, known);
        log.append(known.element);
      }
      known.set(line);
    }
    const isRefused = link.kind === "refused";
    stop.hidden = !lines.some((line) => line.from === "aleph" && line.status === "writing");
    anew.disabled = isBusy(latest!) || lines.length === 0 || isRefused;
    input.disabled = isRefused;
    send.disabled = isRefused;
    drawNotice(link);
    if (wasAtEnd) log.scrollTop = log.scrollHeight;
  }

  function drawNotice(link: ChatState["link"]): void {
    const word = noticeOf(link);
    const text = word === undefined ? "" : say(word);
    if (notice.firstChild?.textContent === text || (text === "" && !notice.firstChild)) return;
    notice.replaceChildren();
    if (text !== "") notice.append(make("span", "", text));
    if (link.kind === "refused" && !link.isFinal) notice.append(againButton(() => chat?.start()));
    notice.classList.toggle("refused", link.kind === "refused");
  }

  function speak(before: ChatState | undefined, { lines }: ChatState): void {
    const line = lines.at(-1);
    if (line?.from !== "aleph") return;
    const old = before?.lines.find(({ id }) => id === line.id) as Answer | undefined;
    if (old?.status === line.status) return;
    const text = line.text.length > SPOKEN ? `${line.text.slice(0, SPOKEN)}…` : line.text;
    spoken.textContent =
      line.status === "writing"
        ? say("writing")
        : line.status === "done"
          ? say("answered", { text })
          : `${say("answered", { text })} ${endWords(line)}`;
  }

  interface ShownLine {
    readonly element: HTMLElement;
    set(line: Line): void;
  }

  function createLine(line: Line): ShownLine {
    if (line.from === "nobody") {
      const element = make("p", "break", say("fresh"));
      return { element, set: () => undefined };
    }
    return line.from === "visitor" ? createSaid() : createAnswer();
  }

  function createSaid(): ShownLine {
    const element = make("article", "said");
    element.setAttribute("aria-label", say("you"));
    const text = make("p", "");
    const end = make("div", "end");
    element.append(text, end);
    return {
      element,
      set(given) {
        const line = given as Said;
        text.textContent = line.text;
        element.classList.toggle("sending", line.status === "sending");
        end.replaceChildren();
        if (line.status !== "failed") return;
        const why = line.reason === undefined ? say("unsent") : `${say("unsent")} ${say(failureWord(line.reason))}`;
        end.append(make("span", "", why));
        if (latest?.link.kind !== "refused") end.append(againButton(() => chat?.again(line)));
      },
    };
  }

  function createAnswer(): ShownLine {
    const element = make("article", "answer");
    element.setAttribute("aria-label", say("answer"));
    const body = make("div", "prose");
    const end = make("div", "end");
    element.append(body, end);
    const prose: Prose = createProse(document, body);
    let text = "";
    return {
      element,
      set(given) {
        const line = given as Answer;
        if (line.text !== text) prose.set(line.text);
        text = line.text;
        const words = endWords(line);
        if (end.textContent !== words) end.textContent = words;
        end.classList.toggle("failed", line.status === "failed");
      },
    };
  }

  function endWords(line: Answer): string {
    switch (line.status) {
      case "writing":
        return line.text === "" || line.isApart ? say("working") : "";
      case "done":
        return "";
      case "failed":
        return say(failureWord(line.reason ?? "other"));
      default:
        return say(line.status);
    }
  }

  function againButton(act: () => void): HTMLButtonElement {
    const made = make("button", "again", say("again"));
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  function button(name: string, icon: keyof typeof ICONS, label: string): HTMLButtonElement {
    const made = make("button", name);
    made.type = "button";
    made.setAttribute("aria-label", label);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 32 32");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[icon]);
    svg.append(path);
    made.append(svg);
    return made;
  }

  function make<T extends keyof HTMLElementTagNameMap>(name: T, classes: string, text = ""): HTMLElementTagNameMap[T] {
    const made = document.createElement(name);
    if (classes !== "") made.className = classes;
    if (text !== "") made.textContent = text;
    return made;
  }

  return { show };
}

function noticeOf(link: ChatState["link"]): Word | undefined {
  if (link.kind === "refused") return `refused.${link.why}`;
  return link.kind === "connecting" || link.kind === "lost" ? link.kind : undefined;
}
