import { expect, test } from "bun:test";
import type { Message, MessagePart } from "../../src/protocol/message.ts";
import { exportHtml } from "../../src/session/export-html.ts";

const message = (role: Message["role"], parts: MessagePart[], more: Partial<Message> = {}): Message => ({
  id: "7",
  role,
  content: "",
  parts,
  run_id: null,
  status: "complete",
  ts: Date.UTC(2026, 0, 2, 3, 4),
  model: null,
  ...more,
});

test("exportHtml gives one page that loads and runs nothing, whatever was said", () => {
  const evil = `</pre></div><script>alert(1)</script><img src=x onerror="x('&')">`;
  const html = exportHtml({
    key: "agent:main:main",
    title: evil,
    messages: [
      message("user", [{ type: "text", text: `${evil}\n\`\`\`js\n${evil}\n\`\`\`\nand ~~~ open` }]),
      message(
        "assistant",
        [
          { type: "thinking", text: evil },
          { type: "tool_call", call_id: "c", tool: evil, args: { evil } },
          { type: "media", media_id: "m", mime: evil, name: evil, size: 1 },
        ],
        { model: evil, status: "interrupted" },
      ),
      message("tool", [{ type: "tool_result", call_id: "c", tool: evil, status: "ok", text: evil, untrusted: true }]),
    ],
  });
  const tags = new Set([...html.matchAll(/<\/?([a-z!][a-z0-9]*)/gi)].map(([, name]) => name!.toLowerCase()));
  expect([...tags].toSorted()).toEqual(
    "!doctype article b body code details div figcaption figure h1 h2 head header html main meta p pre style summary time title".split(
      " ",
    ),
  );
  expect(html).not.toMatch(/<[^>]*\s(?:src|href|on\w+)\s*=/i);
  expect(html).toContain("default-src 'none'");
  expect(html).toContain("color-scheme: light dark");
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain("interrupted");
  expect(html).toContain("from outside");
  // What is in a fence is set apart; a fence that does not end is text.
  expect(html.match(/<pre>/g)).toHaveLength(3);
  expect(html).toContain("and ~~~ open");
});

test("exportHtml gives a page also where nothing was said", () => {
  const html = exportHtml({ key: "agent:main:chat:x", title: null, messages: [] });
  expect(html).toContain("<h1>agent:main:chat:x</h1>\n<p>agent:main:chat:x · 0 messages</p>");
});

test("exportHtml takes no longer for blocks of code that nothing closes", () => {
  const text = `${"```x\n".repeat(20_000)}~~~\ncode\n~~~\nmore\n`;
  const began = performance.now();
  const html = exportHtml({ key: "k", title: null, messages: [message("user", [{ type: "text", text }])] });
  expect(performance.now() - began).toBeLessThan(3000);
  expect(html).toContain("<pre>code</pre>");
  expect(html.match(/<pre>/g)).toHaveLength(1);
});
