/** A session as one HTML file that needs nothing else: no script, every word escaped, light or dark as the reader's system is. */
import type { Message, MessagePart } from "../protocol/message.ts";

export interface ExportedSession {
  readonly key: string;
  readonly title: string | null;
  readonly messages: readonly Message[];
}

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1d1d1b, #e8e6e1); --soft: light-dark(#5f5e59, #a19f98);
  --paper: light-dark(#fbfaf7, #191917); --raised: light-dark(#f1efe9, #242421); --line: light-dark(#dcd9d0, #3a3934); }
body { margin: 0 auto; padding: 32px 16px 64px; max-width: 44rem; background: var(--paper); color: var(--ink);
  font: 15px/24px system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 22px; line-height: 30px; margin: 0 0 4px; }
header p, h2, summary, figcaption { color: var(--soft); font-size: 12px; line-height: 20px; font-weight: 400; margin: 0; }
h2 b { color: var(--ink); font-size: 13px; }
article { border-top: 1px solid var(--line); margin-top: 20px; padding-top: 12px; }
article.user { background: var(--raised); border: 0; border-radius: 8px; padding: 12px 16px; }
.text { white-space: pre-wrap; margin: 8px 0; }
pre { background: var(--raised); border-radius: 8px; padding: 12px; margin: 8px 0; white-space: pre-wrap;
  font: 13px/20px ui-monospace, monospace; }
article.user pre { background: var(--paper); }
details { margin: 8px 0; }
summary { cursor: pointer; }
code { font-family: ui-monospace, monospace; }
@media print { details > * { display: block; } body { max-width: none; } }
`;

/** For the case that a word slipped through: nothing in the page may run or load. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function exportHtml({ key, title, messages }: ExportedSession): string {
  const name = escaped(title ?? key);
  const first = messages[0];
  const about = [key, count(messages.length), ...(first ? [`since ${when(first.ts)}`] : [])].map(escaped).join(" · ");
  return `<!doctype html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>${name}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${name}</h1>
<p>${about}</p>
</header>
<main>
${messages.map(messageHtml).join("\n")}
</main>
</body>
</html>
`;
}

function messageHtml({ id, role, parts, status, ts, model }: Message): string {
  const state = status === "complete" ? "" : ` · ${escaped(status)}`;
  const by = model === null ? "" : ` · ${escaped(model)}`;
  const head = `<h2><b>${escaped(role)}</b>${by} · <time datetime="${new Date(ts).toISOString()}">${when(ts)}</time>${state}</h2>`;
  return `<article class="${escaped(role)}" id="m${escaped(id)}">\n${[head, ...parts.map(partHtml)].join("\n")}\n</article>`;
}

function partHtml(part: MessagePart): string {
  switch (part.type) {
    case "text":
      return textHtml(part.text);
    case "thinking":
      return `<details><summary>Thinking</summary><div class="text">${escaped(part.text)}</div></details>`;
    case "media":
      return `<figure><figcaption>${escaped(part.name ?? part.media_id)} · ${escaped(part.mime)}</figcaption></figure>`;
    case "tool_call":
      return `<details><summary><code>${escaped(part.tool)}</code></summary><pre>${escaped(JSON.stringify(part.args, null, 2) ?? "")}</pre></details>`;
    case "tool_result": {
      const from = part.untrusted ? " · from outside" : "";
      return `<details><summary><code>${escaped(part.tool)}</code> · ${escaped(part.status)}${from}</summary><pre>${escaped(part.text)}</pre></details>`;
    }
  }
}

/** The words as they were written; only blocks of code are set apart, so that a copy of them is exact. */
function textHtml(text: string): string {
  const pieces: string[] = [];
  let plain: string[] = [];
  const flush = () => {
    const words = plain.join("\n").trim();
    if (words !== "") pieces.push(`<div class="text">${escaped(words)}</div>`);
    plain = [];
  };
  const lines = text.split("\n");
  /** By its sign: the shortest fence that nothing closes any more. It is not looked for again: a text may be nothing but such. */
  const unclosed = new Map<string, number>();
  const endOf = (at: number, fence: string) => {
    if (fence.length >= (unclosed.get(fence[0]!) ?? Number.POSITIVE_INFINITY)) return -1;
    for (let after = at + 1; after < lines.length; after++) if (closes(lines[after]!, fence)) return after;
    unclosed.set(fence[0]!, fence.length);
    return -1;
  };
  for (let at = 0; at < lines.length; at++) {
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(lines[at]!)?.[1];
    const end = fence === undefined ? -1 : endOf(at, fence);
    if (end < 0) {
      plain.push(lines[at]!);
      continue;
    }
    flush();
    pieces.push(`<pre>${escaped(lines.slice(at + 1, end).join("\n"))}</pre>`);
    at = end;
  }
  flush();
  return pieces.join("\n");
}

function closes(line: string, fence: string): boolean {
  const bare = line.trim();
  return bare.length >= fence.length && bare === fence[0]!.repeat(bare.length);
}

function when(ts: number): string {
  return `${new Date(ts).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function count(messages: number): string {
  return messages === 1 ? "1 message" : `${messages} messages`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
