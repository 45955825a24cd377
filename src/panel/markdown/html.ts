/**
 * Markdown to HTML that holds nothing but text and a short list of elements: raw HTML becomes text, links lead to web and
 * mail addresses only, images are links. What comes out still goes through the sanitiser before it reaches the page.
 */
import { Marked, type Token, type Tokens } from "marked";

/** Bare tags without attributes that models write for want of Markdown; all other HTML is shown as it was written. */
const PLAIN_TAG = /^<\/?(?:br|kbd|sub|sup|mark|u|b|i|s|em|strong|del|ins|small)\s*\/?>$/i;
const LANGUAGE = /^[\w+#.-]{1,30}$/;

export function createMarkdown(): Marked {
  const marked = new Marked({ gfm: true, breaks: true });
  marked.use({
    renderer: {
      html: ({ text }) =>
        text
          .split(/(<[^<>]*>)/)
          .map((part) => (PLAIN_TAG.test(part) ? part : escapeHtml(part)))
          .join(""),
      // Below the page's own headings.
      heading({ tokens, depth }) {
        const level = Math.min(6, depth + 1);
        return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
      },
      code: ({ text, lang }) => {
        const name = lang?.trim().split(/\s/, 1)[0] ?? "";
        const language = LANGUAGE.test(name) ? ` class="language-${name.toLowerCase()}"` : "";
        return `<pre><code${language}>${escapeHtml(text)}\n</code></pre>\n`;
      },
      // marked itself leaves text alone that stands behind a `<kbd>` or `<pre>`.
      text(token) {
        return "tokens" in token && token.tokens ? this.parser.parseInline(token.tokens) : escapeText(token.text);
      },
      link({ href, tokens, autolink }: Tokens.Link) {
        const label = this.parser.parseInline(tokens);
        const url = safeUrl(href);
        if (!url) return `${label} <code>${escapeHtml(href)}</code>`;
        const host = autolink || url.protocol === "mailto:" || namesHost(textOf(tokens), url) ? "" : url.host;
        return `${anchor(url, label)}${host ? ` <small>${escapeHtml(host)}</small>` : ""}`;
      },
      image({ href, text }: Tokens.Image) {
        const url = safeUrl(href);
        const label = escapeHtml(text || "image");
        if (!url || url.protocol === "mailto:") return label;
        return `${anchor(url, label)} <small>${escapeHtml(url.host)}</small>`;
      },
      table(token: Tokens.Table) {
        const cells = (row: Tokens.TableCell[], tag: "th" | "td") =>
          row.map(({ tokens, align }) => {
            const at = align ? ` align="${align}"` : "";
            return `<${tag}${at}>${this.parser.parseInline(tokens)}</${tag}>`;
          });
        const head = `<thead><tr>${cells(token.header, "th").join("")}</tr></thead>`;
        const body = token.rows.map((row) => `<tr>${cells(row, "td").join("")}</tr>`).join("");
        return `<div><table>${head}<tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  return marked;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** As `escapeHtml`, but what is an entity in Markdown stays one. */
function escapeText(text: string): string {
  return text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|\w+);|[&<>"']/gi, (found) =>
    found.length > 1 ? found : escapeHtml(found),
  );
}

/** Whether the words of a link are its address, or its host: then they say where it leads. */
export function namesHost(words: string, { href, host }: URL): boolean {
  const bare = (text: string) =>
    text
      .trim()
      .toLowerCase()
      .replace(/^https?:\/\//, "")
      .replace(/\/$/, "");
  return bare(words) === bare(href) || bare(words) === host;
}

/** An absolute address that a link may lead to; undefined for all others, relative ones included. */
export function safeUrl(href: string): URL | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return ["https:", "http:", "mailto:"].includes(url.protocol) ? url : undefined;
}

function anchor(url: URL, label: string): string {
  return `<a href="${escapeHtml(url.href)}" rel="noopener noreferrer" target="_blank">${label}</a>`;
}

function textOf(tokens: readonly Token[]): string {
  return tokens.map((token) => ("text" in token && typeof token.text === "string" ? token.text : "")).join("");
}
