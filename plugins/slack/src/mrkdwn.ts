/** Markdown, as models write it, in Slack's own notation, and what people write there as plain text. */

const FENCE = /^\s*(?:```|~~~)/;
const HEADING = /^#{1,6}\s+(.*?)\s*#*$/;
const BULLET = /^(\s*)[-*+]\s+/;
const QUOTE = /^>\s?/;
/** Nobody wrote a longer one by hand, and looking for pairs of marks in it takes long. */
const LONGEST_LINE = 5000;
const INLINE = new RegExp(
  [
    "(?<ticks>`+)(?<code>.+?)\\k<ticks>",
    '!?\\[(?<label>[^\\]]*)\\]\\((?<url>[^\\s)]+)(?:\\s+"[^"]*")?\\)',
    "<(?<auto>(?:https?://|mailto:)[^>\\s]+)>",
    "\\*\\*\\*(?<both>\\S(?:.*?\\S)?)\\*\\*\\*",
    "\\*\\*(?<bold>\\S(?:.*?\\S)?)\\*\\*",
    "(?<!\\w)__(?<bold2>\\S(?:.*?\\S)?)__(?!\\w)",
    "~~(?<gone>\\S(?:.*?\\S)?)~~",
    "(?<![\\w*])\\*(?<italic>[^\\s*](?:[^*]*[^\\s*])?)\\*(?![\\w*])",
  ].join("|"),
  "g",
);

/** Nothing in it notifies anybody: all that Slack would take for a mention is escaped. */
export function toMrkdwn(markdown: string): string {
  let isCode = false;
  const lines = markdown.split("\n").map((line) => {
    if (FENCE.test(line)) {
      isCode = !isCode;
      return "```";
    }
    return isCode ? escapeText(line) : formatLine(line);
  });
  return (isCode ? [...lines, "```"] : lines).join("\n");
}

/** `&`, `<` and `>` are all that Slack asks to escape. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function formatLine(line: string): string {
  if (line.length > LONGEST_LINE) return escapeText(line);
  const heading = HEADING.exec(line)?.[1];
  if (heading !== undefined && heading !== "") return `*${formatInline(heading.replaceAll(/\*\*|__/g, ""))}*`;
  if (QUOTE.test(line)) return `> ${formatLine(line.replace(QUOTE, ""))}`;
  const [bullet = "", indent = ""] = BULLET.exec(line) ?? [];
  return bullet === "" ? formatInline(line) : `${indent}• ${formatInline(line.slice(bullet.length))}`;
}

function formatInline(text: string): string {
  let from = 0;
  let formatted = "";
  for (const match of text.matchAll(INLINE)) {
    formatted += escapeText(text.slice(from, match.index)) + formatSpan(match[0], match.groups!);
    from = match.index + match[0].length;
  }
  return formatted + escapeText(text.slice(from));
}

function formatSpan(whole: string, groups: Readonly<Record<string, string | undefined>>): string {
  const { code, label, url, auto, both, bold, bold2, gone, italic } = groups;
  if (code !== undefined) return `\`${escapeText(code)}\``;
  if (url !== undefined) return formatLink(url, label ?? "") ?? escapeText(whole);
  if (auto !== undefined) return formatLink(auto, "") ?? escapeText(whole);
  if (both !== undefined) return `*_${formatInline(both)}_*`;
  if (gone !== undefined) return `~${formatInline(gone)}~`;
  if (italic !== undefined) return `_${formatInline(italic)}_`;
  return `*${formatInline(bold ?? bold2 ?? "")}*`;
}

/** Nothing for an address that Slack would not follow. */
function formatLink(url: string, label: string): string | undefined {
  if (!/^(?:https?:\/\/|mailto:)/i.test(url)) return undefined;
  const target = escapeText(url.replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E"));
  const text = escapeText(label.replaceAll("|", "¦").trim());
  return text === "" || label === url ? `<${target}>` : `<${target}|${text}>`;
}

/** What somebody wrote, without the mention of the bot that it begins with. */
export function toPlainText(text: string, botUser: string): string {
  return text
    .replace(new RegExp(`^\\s*<@${botUser}(?:\\|[^>]*)?>[\\s:,]*`), "")
    .replaceAll(/<([^<>]+)>/g, (_, inner: string) => plainReference(inner))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

/** `@U1`, `#C1|general`, `!here`, `!subteam^S1|@team`, `https://example.com|label`. */
function plainReference(inner: string): string {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : inner.slice(bar + 1);
  if (target.startsWith("@")) return label === "" ? target : `@${label}`;
  if (target.startsWith("#")) return label === "" ? target : `#${label}`;
  if (target.startsWith("!")) return label === "" ? `@${target.slice(1)}` : label;
  const address = target.replace(/^mailto:/, "");
  return label === "" || label === address || target.endsWith(`//${label}`) ? address : `${label} (${target})`;
}
