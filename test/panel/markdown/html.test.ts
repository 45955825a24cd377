/** What Markdown may become: checked on the HTML itself, before the sanitiser of the browser has even seen it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { NO_BLOCKS, parseBlocks } from "../../../src/panel/markdown/blocks.ts";
import { createMarkdown, safeUrl } from "../../../src/panel/markdown/html.ts";
import { ATTACKS } from "./attacks.ts";

const marked = createMarkdown();
const htmlOf = (text: string) => parseBlocks(marked, text).html.join("");

const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  a: ["href", "rel", "target"],
  code: ["class"],
  input: ["type", "checked", "disabled"],
  ol: ["start"],
  td: ["align"],
  th: ["align"],
  ...Object.fromEntries(
    "p br strong em del s b i u ins mark small sub sup kbd pre blockquote ul li hr div h1 h2 h3 h4 h5 h6 table thead tbody tr"
      .split(" ")
      .map((name) => [name, []]),
  ),
};

/** Everything in the HTML that is not on the list. */
async function strangers(html: string): Promise<readonly string[]> {
  const found: string[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element(element) {
      const allowed = ELEMENTS[element.tagName];
      if (!allowed) found.push(`<${element.tagName}>`);
      for (const [name, value] of element.attributes) {
        if (!allowed?.includes(name)) found.push(`${element.tagName} ${name}=${value}`);
        if (name === "href" && !/^(?:https?:\/\/|mailto:)/.test(value)) found.push(`href ${value}`);
      }
    },
    comments: () => void found.push("comment"),
  });
  await rewriter.transform(new Response(html)).text();
  return found;
}

test.each(ATTACKS)("markdown keeps its hands off %j", async (text) => {
  expect(await strangers(htmlOf(text))).toEqual([]);
});

test("markdown of any text gives only what is on the list", async () => {
  const piece = fc.oneof(
    fc.constantFrom(..."<>\"'`*_[]()!|\n&#:/=\\~- ".split("")),
    fc.constantFrom(
      "<script>",
      "javascript:",
      "<img ",
      "onerror=",
      "](",
      "![",
      "<!--",
      "data:",
      "&#x3c;",
      "<a href=",
      "|-|",
    ),
    fc.string({ maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      expect(await strangers(htmlOf(pieces.join("")))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("markdown shows raw HTML as it was written", () => {
  expect(htmlOf("a <b onclick=x>b</b> <kbd>K</kbd>")).toBe("<p>a &#60;b onclick=x&#62;b</b> <kbd>K</kbd></p>\n");
});

test("markdown says where a link leads when its words do not", () => {
  expect(htmlOf("[docs](https://example.com/a)")).toContain("docs</a> <small>example.com</small>");
  expect(htmlOf("[example.com.evil.test](https://evil.test/)")).toContain("<small>evil.test</small>");
  expect(htmlOf("[https://good.test](https://evil.test/)")).toContain("<small>evil.test</small>");
  expect(htmlOf("[пример](https://xn--e1afmkfd.test/)")).toContain("<small>xn--e1afmkfd.test</small>");
  expect(htmlOf("https://example.com/a")).not.toContain("<small>");
});

test("markdown loads no picture: it links to it", () => {
  expect(htmlOf("![plan](https://example.com/a.png)")).toBe(
    '<p><a href="https://example.com/a.png" rel="noopener noreferrer" target="_blank">plan</a> <small>example.com</small></p>\n',
  );
  expect(htmlOf("![plan](data:image/png;base64,AAAA)")).toBe("<p>plan</p>\n");
});

test("markdown tells an address that it does not link to", () => {
  expect(htmlOf("[click](javascript:alert(1))")).toBe("<p>click <code>javascript:alert(1)</code></p>\n");
  expect(htmlOf("[click](/auth/logout)")).toBe("<p>click <code>/auth/logout</code></p>\n");
});

test.each([
  ["https://example.com/a?b=1", "https://example.com/a?b=1"],
  ["mailto:a@example.com", "mailto:a@example.com"],
  ["javascript:alert(1)", undefined],
  ["java\nscript:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["//example.com", undefined],
  ["/relative", undefined],
  ["file:///etc/passwd", undefined],
  ["blob:https://example.com/x", undefined],
])("safeUrl of %j is %j", (href, expected) => {
  expect(safeUrl(href)?.href).toBe(expected);
});

test("parseBlocks gives the same for a text that came in pieces as for the whole", () => {
  const text = [
    "# Title\n\nA paragraph with **bold\ntext** and `code`.\n\n- one\n- two\n\n  still two\n\n1. first\n2. second\n",
    "| a | b |\n|:-|-:|\n| 1 | 2 |\n\n> quote\n> more\n\n```ts\nconst a = 1;\n\nconst b = 2;\n```\n\nSetext\n======\n\n---\n\nEnd.",
  ].join("\n");
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (sizes) => {
      let blocks = NO_BLOCKS;
      let end = 0;
      for (let turn = 0; end < text.length; turn++) {
        end = Math.min(text.length, end + sizes[turn % sizes.length]!);
        blocks = parseBlocks(marked, text.slice(0, end), blocks);
      }
      expect(blocks.html).toEqual(parseBlocks(marked, text).html);
    }),
    { numRuns: 100 },
  );
});

test("parseBlocks leaves blocks alone that can change no more", () => {
  const first = parseBlocks(marked, "One.\n\nTwo.\n\nThr");
  const second = parseBlocks(marked, "One.\n\nTwo.\n\nThree.", first);
  expect(second.html).toEqual(["<p>One.</p>\n", "<p>Two.</p>\n", "<p>Three.</p>\n"]);
  expect(second.html[0]).toBe(first.html[0]!);
  expect(parseBlocks(marked, "One.\n\nTwo.\n\nThree.", second)).toBe(second);
});

test("parseBlocks begins anew when the text is another one", () => {
  const first = parseBlocks(marked, "One.\n\nTwo.");
  expect(parseBlocks(marked, "Other.\n\nTwo.", first).html).toEqual(["<p>Other.</p>\n", "<p>Two.</p>\n"]);
});
