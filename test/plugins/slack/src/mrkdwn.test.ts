import { expect, test } from "bun:test";
import fc from "fast-check";
import { toMrkdwn, toPlainText } from "../../../../plugins/slack/src/mrkdwn.ts";

test.each([
  ["plain & <simple>", "plain &amp; &lt;simple&gt;"],
  ["**bold** and __bold__, *it* and _it_, ~~gone~~", "*bold* and *bold*, _it_ and _it_, ~gone~"],
  ["***both***", "*_both_*"],
  ["2 * 3 * 4 and a_b_c and **open", "2 * 3 * 4 and a_b_c and **open"],
  ["# Title **x**", "*Title x*"],
  ["- one\n  * two\n+ three", "• one\n  • two\n• three"],
  ["> quoted & **so**", "> quoted &amp; *so*"],
  ["`a < **b**` c", "`a &lt; **b**` c"],
  ["```ts\nif (a < b) **c**\n```", "```\nif (a &lt; b) **c**\n```"],
  ["~~~\nopen", "```\nopen\n```"],
  ["[text](https://e.com/?a=1&b=2)", "<https://e.com/?a=1&amp;b=2|text>"],
  ["![img](https://e.com/a.png)", "<https://e.com/a.png|img>"],
  ["[a|b>](https://e.com/x|y)", "<https://e.com/x%7Cy|a¦b&gt;>"],
  ["[run](javascript:alert(1))", "[run](javascript:alert(1))"],
  ["<https://e.com> <!channel> <@U1>", "<https://e.com> &lt;!channel&gt; &lt;@U1&gt;"],
  ["[<!here>](https://e.com)", "<https://e.com|&lt;!here&gt;>"],
])("toMrkdwn writes %j in Slack's notation", (markdown, expected) => {
  expect(toMrkdwn(markdown)).toBe(expected);
});

test("toMrkdwn lets nothing through that would notify somebody", () => {
  const pieces = fc.constantFrom(
    "<",
    ">",
    "!channel",
    "@U1",
    "`",
    "**",
    "[",
    "](",
    ")",
    "https://e.com",
    "|",
    "&",
    " ",
    "\n",
    "~~",
    "#",
    "```",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      // What stands between angle brackets is a link, whatever was written.
      for (const [, inner = ""] of toMrkdwn(parts.join("")).matchAll(/<([^>]*)>/g))
        expect(inner).toStartWith("https://");
    }),
    { numRuns: 2000 },
  );
});

test("toMrkdwn is done with a long line soon", () => {
  const began = performance.now();
  toMrkdwn("**a ~~b [c](".repeat(20_000));
  toMrkdwn(Array.from({ length: 100 }, () => "**a ~~b [c](".repeat(400)).join("\n"));
  expect(performance.now() - began).toBeLessThan(2000);
});

test.each([
  ["<@UB0T> hello", "hello"],
  ["  <@UB0T|aleph>: hello", "hello"],
  ["hello <@UB0T> and <@U2|ann>", "hello @UB0T and @ann"],
  ["in <#C1|general> and <#C2>", "in #general and #C2"],
  ["<!here> <!subteam^S1|@team>", "@here @team"],
  ["<https://e.com|page> <https://e.com> <https://e.com|e.com>", "page (https://e.com) https://e.com https://e.com"],
  ["<mailto:a@e.com|a@e.com>", "a@e.com"],
  ["1 &lt; 2 &amp;amp; 3 &gt; 2", "1 < 2 &amp; 3 > 2"],
])("toPlainText reads %j", (text, expected) => {
  expect(toPlainText(text, "UB0T")).toBe(expected);
});
