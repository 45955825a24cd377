/**
 * Markdown to nodes of the page, without any HTML in between: what a model writes can become text and the elements that are
 * made here, and nothing else, also where the page lets nobody set HTML.
 */
import { Marked, type Token, type Tokens } from "marked";
import { namesHost, safeUrl } from "../markdown/html.ts";

export interface Prose {
  /** The text so far; only the blocks that changed are made anew. */
  set(text: string): void;
}

export function createProse(document: Document, target: HTMLElement): Prose {
  const marked = new Marked({ gfm: true, breaks: true });
  const shown: string[] = [];
  return {
    set(text) {
      const tokens = marked.lexer(text).filter(({ type }) => type !== "space" && type !== "def");
      tokens.forEach((token, at) => {
        if (shown[at] === token.raw) return;
        const made = block(document, token);
        const old = target.childNodes[at];
        if (old) old.replaceWith(made);
        else target.append(made);
        shown[at] = token.raw;
      });
      while (shown.length > tokens.length) {
        target.lastChild?.remove();
        shown.pop();
      }
    },
  };
}

/** One node for each block, so that the n-th child is the n-th block. */
function block(document: Document, token: Token): Node {
  const make = (tag: string, children: readonly Node[] = []) => element(document, tag, children);
  switch (token.type) {
    case "heading":
      return make("h3", inline(document, token.tokens));
    case "code": {
      const pre = make("pre", [make("code", [document.createTextNode(token.text)])]);
      pre.tabIndex = 0;
      return pre;
    }
    case "blockquote":
      return make(
        "blockquote",
        blocksOf(token.tokens).map((child) => block(document, child)),
      );
    case "list": {
      const { ordered, start, items } = token as Tokens.List;
      const list = make(
        ordered ? "ol" : "ul",
        items.map((item) => listItem(document, item)),
      );
      if (ordered && typeof start === "number" && start !== 1) list.setAttribute("start", String(start));
      return list;
    }
    case "table":
      return table(document, token as Tokens.Table);
    case "hr":
      return make("hr");
    default:
      return make("p", "tokens" in token && token.tokens ? inline(document, token.tokens) : [textOf(document, token)]);
  }
}

function listItem(document: Document, { task, checked, tokens }: Tokens.ListItem): HTMLElement {
  const inner = blocksOf(tokens)
    .filter(({ type }) => type !== "checkbox")
    .flatMap((child) => (child.type === "text" ? inline(document, [child]) : [block(document, child)]));
  return element(document, "li", task ? [document.createTextNode(checked ? "☑ " : "☐ "), ...inner] : inner);
}

function table(document: Document, { header, rows }: Tokens.Table): HTMLElement {
  const row = (cells: readonly Tokens.TableCell[], tag: string) =>
    element(
      document,
      "tr",
      cells.map(({ tokens, align }) => {
        const cell = element(document, tag, inline(document, tokens));
        if (align) cell.setAttribute("align", align);
        return cell;
      }),
    );
  const head = element(document, "thead", [row(header, "th")]);
  const body = element(
    document,
    "tbody",
    rows.map((cells) => row(cells, "td")),
  );
  const around = element(document, "div", [element(document, "table", [head, body])]);
  around.className = "table";
  around.tabIndex = 0;
  return around;
}

function inline(document: Document, tokens: readonly Token[] | undefined): Node[] {
  return (tokens ?? []).flatMap((token): Node[] => {
    switch (token.type) {
      case "strong":
      case "em":
      case "del":
        return [element(document, token.type, inline(document, token.tokens))];
      case "codespan":
        return [element(document, "code", [document.createTextNode(token.text)])];
      case "br":
        return [document.createElement("br")];
      case "link":
        return link(document, token.href, inline(document, token.tokens));
      // A picture would be asked for at somebody else's server.
      case "image":
        return link(document, token.href, [document.createTextNode(token.text || token.href)]);
      case "text":
        return "tokens" in token && token.tokens ? inline(document, token.tokens) : [textOf(document, token)];
      default:
        return [textOf(document, token)];
    }
  });
}

function link(document: Document, href: string, children: readonly Node[]): Node[] {
  const url = safeUrl(href);
  if (!url)
    return [...children, document.createTextNode(" "), element(document, "code", [document.createTextNode(href)])];
  const made = element(document, "a", children) as HTMLAnchorElement;
  made.href = url.href;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  if (url.protocol === "mailto:" || namesHost(made.textContent, url)) return [made];
  return [made, element(document, "small", [document.createTextNode(` (${url.host})`)])];
}

function blocksOf(tokens: readonly Token[] | undefined): readonly Token[] {
  return (tokens ?? []).filter(({ type }) => type !== "space" && type !== "def");
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** HTML is shown as it was written. */
function textOf(document: Document, token: Token): Text {
  const text = "text" in token && typeof token.text === "string" && token.type !== "html" ? token.text : token.raw;
  if (token.type === "html") return document.createTextNode(text);
  const plain = text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (whole, dec, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = dec === undefined ? Number.parseInt(hex, 16) : Number(dec);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
  return document.createTextNode(plain);
}

function element(document: Document, tag: string, children: readonly Node[]): HTMLElement {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}
