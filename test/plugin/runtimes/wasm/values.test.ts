import { expect, test } from "bun:test";
import { fromOutput, plainTextHandlers, toInput } from "../../../../src/plugin/runtimes/wasm/values.ts";
import type { PluginTool } from "../../../../src/sdk/plugin.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (input: Uint8Array) => new TextDecoder().decode(input);

test("input is nothing for no arguments, a text as it is, and JSON for all else", () => {
  const values = [null, undefined, 'a "text"', { a: [1] }, 7, false, ""];
  expect(values.map((value) => text(toInput(value, false)))).toEqual([
    "",
    "",
    'a "text"',
    '{"a":[1]}',
    "7",
    "false",
    "",
  ]);
});

test("input of a handler for plain text is the text, and JSON when there is none", () => {
  expect(text(toInput({ input: "Hello" }, true))).toBe("Hello");
  expect(text(toInput({ input: 1 }, true))).toBe('{"input":1}');
  expect(text(toInput("Hello", true))).toBe("Hello");
  expect(text(toInput({ input: "Hello" }, false))).toBe('{"input":"Hello"}');
});

test("handlers for plain text are those of tools with one property, a string named input", () => {
  const tool = (handler: string, properties: unknown): PluginTool => ({
    name: handler,
    description: "For tests",
    handler,
    parameters: { type: "object", properties },
  });
  const tools = [
    tool("plain", { input: { type: "string", description: "What to count" } }),
    tool("number", { input: { type: "number" } }),
    tool("two", { input: { type: "string" }, more: { type: "string" } }),
    tool("other", { text: { type: "string" } }),
    tool("none", undefined),
    tool("list", []),
  ];
  expect([...plainTextHandlers({ tools })]).toEqual(["plain"]);
});

test("output is JSON where it is JSON, and text otherwise", () => {
  expect(['{"a":1}', "42", '"x"', "null", "plain", "", "{broken"].map((output) => fromOutput(bytes(output)))).toEqual([
    { a: 1 },
    42,
    "x",
    null,
    "plain",
    "",
    "{broken",
  ]);
});

test("output that is nested too deep stays text, and brackets in strings are no nesting", () => {
  const deep = "[".repeat(65) + "]".repeat(65);
  expect(fromOutput(bytes(deep))).toBe(deep);
  expect(fromOutput(bytes("[".repeat(64) + "]".repeat(64)))).toBeArray();
  const brackets = JSON.stringify({ text: `\\" ${"[".repeat(200)}` });
  expect(fromOutput(bytes(brackets))).toEqual({ text: `\\" ${"[".repeat(200)}` });
});

test("output that is no text is refused", () => {
  expect(() => fromOutput(Uint8Array.of(0xff, 0xfe))).toThrow(TypeError);
});
