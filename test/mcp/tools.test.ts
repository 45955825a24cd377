import { expect, test } from "bun:test";
import { tierOf, toolNameOf } from "../../src/mcp/tools.ts";

test("toolNameOf gives names that models take, and never one name to two tools", () => {
  expect(toolNameOf("files", "read_file")).toBe("mcp__files__read_file");
  const names = [
    toolNameOf("a", "b__c"),
    toolNameOf("a__b", "c"),
    toolNameOf("a_", "b"),
    toolNameOf("a", "_b"),
    toolNameOf("a.b", "c"),
    toolNameOf("a_b", "c"),
    toolNameOf("a", "x".repeat(80)),
    toolNameOf("a", `${"x".repeat(80)}y`),
    toolNameOf("a", "über"),
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^mcp__[A-Za-z0-9_-]{1,59}$/);
});

test("tierOf: the owner's table alone decides, and asks where it says nothing", () => {
  const tools = { allow: ["*"], ask: ["write"], deny: ["drop"] };
  expect(["read", "write", "drop"].map((name) => tierOf({ tools }, name))).toEqual(["allow", "ask", "deny"]);
  expect(tierOf({}, "read")).toBe("ask");
  expect(tierOf({ tools: { allow: ["read"] } }, "write")).toBe("ask");
  expect(tierOf({ tools: { allow: ["*"], deny: ["*"] } }, "read")).toBe("deny");
});
