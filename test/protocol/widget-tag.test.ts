import { expect, test } from "bun:test";
import { widgetTag } from "../../src/protocol/widget-tag.ts";

test("widgetTag is a script tag that can be pasted as it is, whatever the title holds", () => {
  const made = { origin: "https://aleph.example", invite: "aleph_inv_x" };
  expect(widgetTag(made)).toBe(
    '<script src="https://aleph.example/widget.js" data-invite="aleph_inv_x" async></script>',
  );
  expect(widgetTag({ ...made, title: "" })).toBe(widgetTag(made));
  expect(widgetTag({ ...made, title: '"><script>x & y' })).toBe(
    '<script src="https://aleph.example/widget.js" data-invite="aleph_inv_x" data-title="&#34;&#62;&#60;script&#62;x &#38; y" async></script>',
  );
});
