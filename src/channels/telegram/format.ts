/**
 * Markdown as Telegram shows it: plain text, and beside it where which format is (MessageEntity of the Bot API). No letter of
 * the text can break that, and what Telegram does not know stays readable.
 */
import type { MessageEntity } from "grammy/types";
import { lexer, type Token, type Tokens } from "marked";

export interface FormattedText {
  readonly text: string;
  readonly entities: MessageEntity[];
}

type Format =
  | { readonly type: "bold" | "italic" | "strikethrough" | "code" | "blockquote" }
  | { readonly type: "pre"; readonly language?: string }
  | { readonly type: "text_link"; readonly url: string };

/** Telegram looks at no more of them. */
const MAX_ENTITIES = 100;

/** The text is never longer than the Markdown. Offsets count UTF-16 units, as Telegram does. */
export function formatMarkdown(markdown: string): FormattedText {
  const writer = new Writer();
  writer.blocks(lexer(markdown));
  const { text, entities } = writer.end();
  // Should a rule of Markdown make more of it than there was: as it was written.
  return text.length <= markdown.length && text !== "" ? { text, entities } : { text: markdown, entities: [] };
}

class Writer {
  #text = "";
  #isQuoting = false;
  readonly #entities: MessageEntity[] = [];

  end(): FormattedText {
    const text = this.#text.replace(/\s+$/, "");
    const entities = this.#entities
      .map((entity) => ({ ...entity, length: Math.min(entity.length, text.length - entity.offset) }))
      .filter(({ length }) => length > 0)
      .sort((a, b) => a.offset - b.offset || b.length - a.length);
    return { text, entities: entities.slice(0, MAX_ENTITIES) };
  }

  blocks(tokens: readonly Token[], indent = ""): void {
    for (const token of tokens) this.#block(token as Tokens.Generic, indent);
  }

  #block(token: Tokens.Generic, indent: string): void {
    switch (token.type) {
      case "space":
        this.#break(token.raw.split("\n").length - 1);
        return;
      case "heading":
        this.#within({ type: "bold" }, () => this.#inline(token.tokens ?? []));
        this.#line();
        return;
      case "code":
        this.#within(token.lang ? { type: "pre", language: token.lang } : { type: "pre" }, () => this.#add(token.text));
        this.#line();
        return;
      case "table":
        this.#within({ type: "pre" }, () => this.#add(token.raw.trimEnd()));
        this.#line();
        return;
      case "blockquote":
        this.#quote(token.tokens ?? [], indent);
        return;
      case "checkbox":
        this.#add(token.checked ? "☑ " : "☐ ");
        return;
      case "list":
        this.#list(token as Tokens.List, indent);
        return;
      case "hr":
        this.#add("———");
        this.#line();
        return;
      default:
        if (token.tokens) this.#inline(token.tokens);
        else this.#add(token.raw);
        this.#line();
    }
  }

  #list({ items, ordered, start }: Tokens.List, indent: string): void {
    for (const [at, item] of items.entries()) {
      const first = ordered ? `${(start === "" ? 1 : start) + at}. ` : "• ";
      this.#add(indent + first);
      this.blocks(item.tokens, `${indent}  `);
      this.#line();
    }
  }

  /** A quote holds no other one. */
  #quote(tokens: readonly Token[], indent: string): void {
    const write = () => this.blocks(tokens, indent);
    if (this.#isQuoting) write();
    else {
      this.#isQuoting = true;
      this.#within({ type: "blockquote" }, write);
      this.#isQuoting = false;
    }
    this.#line();
  }

  #inline(tokens: readonly Token[]): void {
    for (const token of tokens as readonly Tokens.Generic[]) {
      const inner = () => this.#inline(token.tokens ?? []);
      if (token.type === "strong") this.#within({ type: "bold" }, inner);
      else if (token.type === "em") this.#within({ type: "italic" }, inner);
      else if (token.type === "del") this.#within({ type: "strikethrough" }, inner);
      else if (token.type === "codespan") this.#within({ type: "code" }, () => this.#add(token.text));
      else if (token.type === "link" || token.type === "image") this.#link(token, inner);
      else if (token.type === "br") this.#add("\n");
      else if (token.tokens) inner();
      else this.#add(token.type === "escape" || token.type === "text" ? token.text : token.raw);
    }
  }

  /** A name is shown instead of its address only where Telegram lets one look at that before it opens. */
  #link({ href, raw, text }: Tokens.Generic, inner: () => void): void {
    const isWeb = /^(?:https?|mailto|tg):/i.test(href);
    if (!isWeb || text === "" || raw === href || text === href) this.#add(text === href || isWeb ? href : raw);
    else this.#within({ type: "text_link", url: href }, inner);
  }

  #within(format: Format, write: () => void): void {
    const offset = this.#text.length;
    write();
    const length = this.#text.slice(offset).replace(/\s+$/, "").length;
    if (length > 0) this.#entities.push({ ...format, offset, length } as MessageEntity);
  }

  #add(text: string): void {
    // Telegram cuts white space off the beginning, and then every place were another.
    this.#text += this.#text === "" ? text.trimStart() : text;
  }

  #line(): void {
    if (this.#text !== "" && !this.#text.endsWith("\n")) this.#text += "\n";
  }

  #break(lines: number): void {
    this.#line();
    if (lines > 1 && this.#text !== "" && !this.#text.endsWith("\n\n")) this.#text += "\n";
  }
}
