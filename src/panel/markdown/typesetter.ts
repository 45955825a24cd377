/** From text to nodes of the page: parsed block by block, sanitised, then given what a reader can do with it. */
import type { Translate } from "../i18n/translate.ts";
import { type Blocks, parseBlocks } from "./blocks.ts";
import type { Highlight } from "./highlight.ts";
import { createMarkdown } from "./html.ts";
import { createSanitizer } from "./sanitize.ts";

export interface Typesetter {
  parse(text: string, before: Blocks | undefined): Blocks;
  /** Fills `target` with one block. `growing`: more of it is to come, so code is left plain. */
  set(target: HTMLElement, html: string, options: { readonly t: Translate; readonly growing: boolean }): void;
}

/** Finished blocks whose nodes are kept, so that scrolling back costs nothing. */
const KEPT = 600;

export function createTypesetter(window: Window & typeof globalThis): Typesetter {
  const marked = createMarkdown();
  const sanitize = createSanitizer(window);
  const { document } = window;
  const kept = new Map<string, DocumentFragment>();
  let highlighter: Promise<Highlight> | undefined;

  function fragmentOf(html: string, t: Translate): DocumentFragment {
    // The words on the buttons depend on the language.
    const key = `${t("act.copy")}\n${html}`;
    const known = kept.get(key);
    if (known) return known;
    const made = sanitize(html);
    for (const pre of made.querySelectorAll("pre")) dressCode(pre, t);
    for (const table of made.querySelectorAll("table")) dressTable(table);
    for (const box of made.querySelectorAll("input")) box.ariaLabel = t(box.checked ? "list.done" : "list.open");
    kept.set(key, made);
    if (kept.size > KEPT) for (const [oldest] of kept) if (kept.size > KEPT / 2) kept.delete(oldest);
    return made;
  }

  function dressCode(pre: HTMLElement, t: Translate): void {
    const figure = document.createElement("figure");
    figure.className = "code";
    const head = document.createElement("figcaption");
    const name = document.createElement("span");
    name.textContent = languageOf(pre) ?? "";
    const wrap = button("wrap", t("act.wrap"));
    wrap.setAttribute("aria-pressed", "false");
    const copy = button("copy", t("act.copy"));
    copy.dataset.label = t("act.copy");
    copy.dataset.done = t("act.copied");
    head.append(name, wrap, copy);
    pre.tabIndex = 0;
    pre.replaceWith(figure);
    figure.append(head, pre);
  }

  function button(act: string, label: string): HTMLButtonElement {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.act = act;
    made.textContent = label;
    return made;
  }

  async function highlight(target: HTMLElement): Promise<void> {
    const blocks = [...target.querySelectorAll<HTMLElement>("pre > code[class]")].filter(
      ({ dataset }) => !dataset.done,
    );
    if (blocks.length === 0) return;
    highlighter ??= import("./highlight.ts").then(({ createHighlighter }) => createHighlighter());
    const colour = await highlighter;
    for (const code of blocks) {
      const html = colour(code.textContent, languageOf(code.parentElement!) ?? "");
      code.dataset.done = "yes";
      if (html !== undefined) code.replaceChildren(sanitize(html));
    }
  }

  return {
    parse: (text, before) => parseBlocks(marked, text, before),
    set(target, html, { t, growing }) {
      if (growing && growCode(target, html, sanitize)) return;
      target.replaceChildren((growing ? dressed(html, t) : fragmentOf(html, t)).cloneNode(true));
      // Without the chunk with the languages (a server that was updated meanwhile) code stays plain.
      if (!growing) highlight(target).catch(() => (highlighter = undefined));
    },
  };

  /** As `fragmentOf`, for a state that will not come again. */
  function dressed(html: string, t: Translate): DocumentFragment {
    const made = fragmentOf(html, t);
    kept.delete(`${t("act.copy")}\n${html}`);
    return made;
  }
}

/** A code block that grows keeps its nodes: what is scrolled, wrapped or selected stays so. */
function growCode(target: HTMLElement, html: string, sanitize: (html: string) => DocumentFragment): boolean {
  const code = target.querySelector<HTMLElement>(":scope > figure.code:only-child > pre > code");
  if (!code || !html.startsWith("<pre>")) return false;
  const next = sanitize(html).querySelector("pre > code");
  if (!next || next.className !== code.className) return false;
  code.textContent = next.textContent;
  return true;
}

function languageOf(pre: Element): string | undefined {
  return /(?:^|\s)language-(\S+)/.exec(pre.querySelector("code")?.className ?? "")?.[1];
}

function dressTable(table: HTMLTableElement): void {
  const around = table.parentElement;
  if (!around) return;
  around.className = "table";
  around.tabIndex = 0;
}
