/** Makes Markdown of a page: its text, headings, lists, links and code, without what only a browser needs. */
import { decodeEntities } from "./entities.ts";

export interface Page {
  readonly title: string;
  readonly markdown: string;
}

/** Never read by a person, or not part of what the page says. */
const HIDDEN = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "iframe",
  "object",
  "head",
  "title",
  "select",
  "button",
  "nav",
  "footer",
]);
const BLOCKS = new Set(
  "p div section article main header aside table thead tbody tfoot ul ol dl dt dd figure figcaption blockquote form fieldset details summary address".split(
    " ",
  ),
);
const VOID = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));

const PIECE = 64 * 1024;

/** `url` is what relative links are relative to. Takes any text; nothing in it is fetched or run. */
export async function htmlToMarkdown(html: string, url: string): Promise<Page> {
  const writer = new PageWriter(url);
  const rewriter = new HTMLRewriter()
    .on("*", {
      element(element) {
        const tag = element.tagName.toLowerCase();
        writer.open(tag, (name) => element.getAttribute(name) ?? undefined);
        if (!VOID.has(tag) && !element.selfClosing) element.onEndTag(() => writer.close(tag));
      },
    })
    // Of the document, because text may stand outside of every element.
    .onDocument({ text: ({ text, lastInTextNode }) => writer.text(text, lastInTextNode) });
  await rewriter.transform(new Response(inPieces(html))).text();
  return { title: writer.title, markdown: writer.finish() };
}

/** A large page a piece at a time, so that others get their turn. */
function inPieces(html: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(html);
  let position = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (position >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(position, position + PIECE));
      position += PIECE;
    },
  });
}

class PageWriter {
  title = "";
  readonly #base: string;
  readonly #out: string[] = [];
  readonly #links: string[] = [];
  /** Open lists: the next number, or 0 for bullets. */
  readonly #lists: number[] = [];
  #hidden = 0;
  #pre = 0;
  #inHead = false;
  #inTitle = false;
  #node = "";
  /** White space that is owed before the next text: line feeds, or one blank. */
  #feeds = 0;
  #blank = false;

  constructor(base: string) {
    this.#base = base;
  }

  open(tag: string, attribute: (name: string) => string | undefined): void {
    if (tag === "head") this.#inHead = true;
    // Pictures have titles as well.
    if (tag === "title") this.#inTitle = this.title === "" && (this.#hidden === 0 || this.#inHead);
    if (HIDDEN.has(tag)) this.#hidden++;
    if (this.#hidden > 0) return;
    const heading = /^h([1-6])$/.exec(tag);
    if (heading) this.#block("#".repeat(Number(heading[1])).concat(" "));
    else if (tag === "br") this.#break(1);
    else if (tag === "hr") this.#block("---");
    else if (tag === "li") this.#item();
    else if (tag === "tr") this.#break(1);
    else if (tag === "td" || tag === "th") this.#cell();
    else if (tag === "a") this.#openLink(attribute("href"));
    else if (tag === "img") this.#image(attribute("alt"));
    else if (tag === "pre") this.#openCode();
    else if (tag === "code" && this.#pre === 0) this.#write("`");
    else if (tag === "ul" || tag === "ol") this.#openList(tag === "ol");
    else if (BLOCKS.has(tag)) this.#break(2);
  }

  close(tag: string): void {
    if (tag === "head") this.#inHead = false;
    if (tag === "title") this.#inTitle = false;
    if (HIDDEN.has(tag)) {
      this.#hidden = Math.max(0, this.#hidden - 1);
      return;
    }
    if (this.#hidden > 0) return;
    if (tag === "a") this.#closeLink();
    else if (tag === "pre") this.#closeCode();
    else if (tag === "code" && this.#pre === 0) this.#out.push("`");
    else if (tag === "ul" || tag === "ol") this.#closeList();
    else if (/^h[1-6]$/.test(tag) || BLOCKS.has(tag)) this.#break(2);
  }

  /** Pieces of one text node; a character reference may be cut between them. */
  text(piece: string, last: boolean): void {
    this.#node += piece;
    if (!last) return;
    const text = decodeEntities(this.#node);
    this.#node = "";
    if (this.#inTitle) this.title = (this.title + text).replace(/\s+/g, " ").trim().slice(0, 300);
    if (this.#hidden > 0) return;
    if (this.#pre > 0) this.#out.push(text);
    else this.#flow(text);
  }

  finish(): string {
    return this.#out
      .join("")
      .split("\n")
      .map(withoutBlanksAtEnd)
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
  }

  #flow(text: string): void {
    const words = text.replace(/\s+/g, " ");
    if (words === " " || words === "") {
      this.#blank ||= words !== "";
      return;
    }
    if (words.startsWith(" ")) this.#blank = true;
    this.#write(words.trim());
    this.#blank = words.endsWith(" ");
  }

  #write(text: string): void {
    if (this.#out.length > 0) {
      if (this.#feeds > 0) this.#out.push("\n".repeat(this.#feeds));
      else if (this.#blank) this.#out.push(" ");
    }
    this.#feeds = 0;
    this.#blank = false;
    this.#out.push(text);
  }

  #break(feeds: number): void {
    this.#feeds = Math.max(this.#feeds, feeds);
    this.#blank = false;
  }

  #block(text: string): void {
    this.#break(2);
    this.#write(text);
    if (text === "---") this.#break(2);
  }

  #cell(): void {
    this.#blank = true;
    this.#write("| ");
  }

  #openList(numbered: boolean): void {
    this.#break(this.#lists.length === 0 ? 2 : 1);
    this.#lists.push(numbered ? 1 : 0);
  }

  #closeList(): void {
    this.#lists.pop();
    this.#break(this.#lists.length === 0 ? 2 : 1);
  }

  #item(): void {
    const number = this.#lists.at(-1) ?? 0;
    if (number > 0) this.#lists[this.#lists.length - 1] = number + 1;
    this.#break(1);
    this.#write(`${"  ".repeat(Math.max(0, Math.min(this.#lists.length, 8) - 1))}${number > 0 ? `${number}.` : "-"} `);
  }

  #openLink(href: string | undefined): void {
    const target = href === undefined ? undefined : URL.parse(decodeEntities(href), this.#base)?.href;
    const isWeb = target !== undefined && /^https?:/.test(target) && target.length <= 500;
    this.#links.push(isWeb ? target : "");
    if (isWeb) this.#write("[");
  }

  #closeLink(): void {
    const target = this.#links.pop();
    if (target) this.#out.push(`](${target})`);
  }

  #image(alt: string | undefined): void {
    const text = decodeEntities(alt ?? "").trim();
    if (text !== "") this.#write(`[image: ${text}]`);
  }

  #openCode(): void {
    this.#break(2);
    if (this.#pre++ === 0) this.#write("```\n");
  }

  #closeCode(): void {
    this.#pre = Math.max(0, this.#pre - 1);
    if (this.#pre === 0) this.#write("\n```");
    this.#break(2);
  }
}

/** By hand: an expression looks at a long run of blanks once from each of them, and a page can be made of nothing else. */
function withoutBlanksAtEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === " " || line[end - 1] === "\t")) end--;
  return line.slice(0, end);
}
