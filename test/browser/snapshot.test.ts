import { expect, test } from "bun:test";
import { type AxNode, renderSnapshot } from "../../src/browser/snapshot.ts";

const node = (id: string, role: string, name: string, more: Partial<AxNode> = {}): AxNode => ({
  nodeId: id,
  ignored: false,
  role: { value: role },
  name: { value: name },
  backendDOMNodeId: Number(id),
  ...more,
});
const refOf = (number: number) => `e${number}`;

test("renderSnapshot shows what can be acted upon with a reference, and what it says once", () => {
  const focusable = [{ name: "focusable", value: { value: true } }];
  const nodes = [
    node("1", "RootWebArea", "Shop", { childIds: ["2", "5", "6", "8", "9"], properties: focusable }),
    node("2", "heading", "Cart", { childIds: ["3"], properties: [{ name: "level", value: { value: 2 } }] }),
    node("3", "StaticText", "Cart"),
    node("5", "link", "Pay\u202e now", { properties: [{ name: "url", value: { value: "https://shop.test/pay" } }] }),
    node("6", "generic", "", { childIds: ["7"] }),
    node("7", "checkbox", 'a "gift"', { properties: [{ name: "checked", value: { value: "true" } }] }),
    node("8", "div", "hidden", { ignored: true, childIds: ["10"] }),
    node("9", "listitem", "own widget", { properties: focusable }),
    node("10", "textbox", "Name", {
      value: { value: "Ada" },
      properties: [{ name: "required", value: { value: true } }],
    }),
  ];
  expect(renderSnapshot(nodes, refOf)).toBe(
    [
      '- heading 2 "Cart"',
      '- link "Pay now" [e5] -> https://shop.test/pay',
      String.raw`- checkbox "a \"gift\"" [e7] (checked)`,
      '- textbox "Name" [e10] = "Ada" (required)',
      '- listitem "own widget" [e9]',
    ].join("\n"),
  );
});

test("renderSnapshot of a page without anything says so", () => {
  expect(renderSnapshot([], refOf)).toBe("[the page is empty]");
  expect(renderSnapshot([node("1", "RootWebArea", "")], refOf)).toBe("[the page is empty]");
});

test("renderSnapshot stays short, however long and deep the page is", () => {
  const deep = Array.from({ length: 50_000 }, (_, index) =>
    node(`${index}`, "button", `${"x".repeat(1000)}${index}`, { childIds: [`${index + 1}`] }),
  );
  const text = renderSnapshot(deep, refOf);
  expect(text.length).toBeLessThan(31_000);
  expect(text).toEndWith("[the rest of the page was left out]");
});
