import { expect, test } from "bun:test";
import { htmlToMarkdown } from "../../../src/tools/web-fetch/html-to-markdown.ts";

const BASE = "https://site.test/dir/page";
const markdownOf = async (html: string) => (await htmlToMarkdown(html, BASE)).markdown;

test.each([
  ["<h1>One</h1><h3>Two <b>three</b></h3>", "# One\n\n### Two three"],
  ["<p>a\n  b</p><p>c", "a b\n\nc"],
  ["a<br>b<hr>c", "a\nb\n\n---\n\nc"],
  ["<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"],
  ["<ol><li>a</li><li>b</li></ol>after", "1. a\n2. b\n\nafter"],
  ["<p>in <code>co  de</code> line</p>", "in `co de` line"],
  ["<pre>a  b\n  c &lt;d&gt;</pre>x", "```\na  b\n  c <d>\n```\n\nx"],
  ["<table><tr><th>A</th><th>B</th></tr><tr><td>1<td>2</tr></table>", "| A | B\n| 1 | 2"],
  [
    '<a href="x?a=1&amp;b=2">rel</a> <a href="https://other.test">abs</a>',
    "[rel](https://site.test/dir/x?a=1&b=2) [abs](https://other.test/)",
  ],
  [
    '<a href="javascript:alert(1)">js</a> <a>none</a> <a href="#">top</a>',
    "js none [top](https://site.test/dir/page#)",
  ],
  ['<img alt="a &quot;cat&quot;" src="x"><img src="y">', '[image: a "cat"]'],
  ["<script>a</script><style>b</style><noscript>c</noscript><template>d</template>e", "e"],
  ["<nav>menu</nav><main>text</main><footer>foot</footer>", "text"],
  ["<!-- comment --><svg><text>x</text></svg>y", "y"],
  ["caf&eacute; &#8364; &#x1F600; &amp;amp; &nope; &lt;", "café € 😀 &amp; &nope; <"],
  ["&#0; &#xD800; &#x110000;", "\ufffd \ufffd \ufffd"],
  ["a<b>b</b>c <i> d </i>e", "abc d e"],
  ["", ""],
  ["<p", ""],
  ["</div></p></ul>x", "x"],
])("htmlToMarkdown of %j", async (html, markdown) => {
  expect(await markdownOf(html)).toBe(markdown);
});

test("htmlToMarkdown takes the first title, wherever its pieces are", async () => {
  const html = "<head><title> A\n &amp; B </title></head><body><svg><title>icon</title></svg>text";
  expect(await htmlToMarkdown(html, BASE)).toEqual({ title: "A & B", markdown: "text" });
});

test("htmlToMarkdown decodes a character reference that lies over the edge of two pieces", async () => {
  for (let pad = 65_500; pad < 65_540; pad++) {
    const markdown = await markdownOf(`${"x".repeat(pad)}&eacute;ä€`);
    expect(markdown).toBe(`${"x".repeat(pad)}éä€`);
  }
});

test("htmlToMarkdown lets others have their turn in a large page", async () => {
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await markdownOf(`${"<div>".repeat(300_000)}deep`);
  await markdownOf("<p>text <a href='x'>link</a></p>".repeat(50_000));
  clearInterval(watch);
  expect(longest).toBeLessThan(500);
});

test("htmlToMarkdown takes no longer for a page of blanks than for any other", async () => {
  const blanks = " ".repeat(200_000);
  const began = performance.now();
  const { markdown } = await htmlToMarkdown(`<pre>a${blanks}\nb${blanks}c</pre>`, "https://site.test/");
  expect(performance.now() - began).toBeLessThan(2000);
  expect(markdown).toBe(`\`\`\`\na\nb${blanks}c\n\`\`\``);
});
