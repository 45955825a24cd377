import { describe, expect, test } from "bun:test";
import { changesBetween, digestOf, readDefinitions, visible, visibleSchema } from "../../src/mcp/definitions.ts";
import { AlephError } from "../../src/protocol/errors.ts";

const tool = (name: string, more: object = {}) => ({
  name,
  description: "Does it",
  inputSchema: { type: "object" },
  ...more,
});

describe("readDefinitions", () => {
  test("sorts by name and keeps what is known of a tool", () => {
    const read = readDefinitions("s", [tool("b", { _meta: { now: 1 } }), tool("a", { title: "A" })]);
    expect(read).toEqual([tool("a", { title: "A" }), tool("b")]);
    expect(digestOf(read)).toBe(digestOf(readDefinitions("s", [tool("a", { title: "A" }), tool("b")])));
  });

  test("refuses too many, too much, and two of one name", () => {
    const refused = (raw: readonly Record<string, unknown>[]) => {
      try {
        readDefinitions("s", raw);
      } catch (thrown) {
        return thrown instanceof AlephError ? thrown.message : String(thrown);
      }
      return undefined;
    };
    expect(refused(Array.from({ length: 501 }, (_, at) => tool(`t${at}`)))).toBe(
      'MCP server "s" lists more than 500 tools',
    );
    expect(refused([tool("a", { description: "x".repeat(1024 * 1024) })])).toContain("in more than 1048576 characters");
    expect(refused([tool("a"), tool("a")])).toBe('MCP server "s" lists the tool "a" twice');
    expect(refused([tool("")])).toContain("without a usable name");
  });
});

test("digestOf tells any byte of what a model could be shown", () => {
  const one = [tool("a", { annotations: { readOnlyHint: true } })];
  const others = [
    [tool("a", { annotations: { readOnlyHint: false } })],
    [tool("a", { annotations: { readOnlyHint: true }, description: "Does it " })],
    [tool("a", { annotations: { readOnlyHint: true }, inputSchema: { type: "object", title: "x" } })],
    [...one, tool("b")],
  ];
  expect(new Set([one, ...others].map((raw) => digestOf(readDefinitions("s", raw)))).size).toBe(5);
});

test("changesBetween names what came, went and changed, with what cannot be seen as escapes", () => {
  const before = readDefinitions("s", [tool("gone"), tool("same"), tool("other")]);
  const after = readDefinitions("s", [tool("came"), tool("same"), tool("other", { description: "Does it\u200b" })]);
  const schema = JSON.stringify({ inputSchema: { type: "object" } }, null, 2);
  expect(changesBetween(before, after)).toEqual([
    { tool: "came", change: "added", after: `Does it\n${schema}` },
    { tool: "gone", change: "removed", before: `Does it\n${schema}` },
    { tool: "other", change: "changed", before: `Does it\n${schema}`, after: `Does it\\u{200b}\n${schema}` },
  ]);
});

test("visible keeps lines and tabs, and shows every character that hides", () => {
  expect(visible("a\r\n\tb\u202ec\u001b[0m")).toBe("a\n\tb\\u{202e}c\\x1b[0m");
});

test("visibleSchema changes words and leaves what calls must match", () => {
  const schema = { title: "a\u200b", properties: { "k\u200b": { description: "d\u202e", enum: ["v\u200b"] } } };
  expect(visibleSchema(schema)).toEqual({
    title: "a\\u{200b}",
    properties: { "k\u200b": { description: "d\\u{202e}", enum: ["v\u200b"] } },
  });
});
