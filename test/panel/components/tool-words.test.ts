import { expect, test } from "bun:test";
import { argumentOf, asText, exactText } from "../../../src/panel/components/tool-words.ts";

test.each([
  ["exec", { command: "ls -l", cwd: "src" }, "$ ls -l"],
  ["read", { offset: 3, path: "a.txt" }, "a.txt"],
  ["web_fetch", { url: "https://example.com/" }, "https://example.com/"],
  ["grep", { path: "src", pattern: "x" }, "src"],
  ["other", { count: 3, title: "a title" }, "a title"],
  ["todo", { items: [] }, ""],
  ["time", {}, ""],
  ["broken", "{not json", "{not json"],
  ["exec", { command: "one\n  two" }, "$ one ⏎ two"],
])("argumentOf %s %j is %j", (tool, args, expected) => {
  expect(argumentOf({ tool, args })).toBe(expected);
});

test("argumentOf is one line of bearable length", () => {
  const shown = argumentOf({ tool: "exec", args: { command: "x".repeat(10_000) } });
  expect(shown).toHaveLength(202);
  expect(shown).toEndWith("…");
});

test("exactText shortens nothing", () => {
  const command = "x".repeat(100_000);
  expect(exactText(command)).toBe(command);
  expect(exactText(["/bin/sh", "-c", "a b"])).toBe('"/bin/sh", "-c", "a b"');
  expect(exactText({ a: [{ b: 1 }] })).toBe('{\n  "a": [\n    {\n      "b": 1\n    }\n  ]\n}');
});

test("exactText names every character that is not seen", () => {
  expect(exactText("rm \u202e\u2066x\u200b\u00ad\ufeff\u0007 y\r\n\tz\u{e0041}")).toBe(
    "rm ⟨U+202E⟩⟨U+2066⟩x⟨U+200B⟩⟨U+00AD⟩⟨U+FEFF⟩⟨U+0007⟩ y⟨U+000D⟩\n\tz⟨U+E0041⟩",
  );
});

test("asText lets nothing reorder what is read", () => {
  expect(asText("a\u001b[31mb\u202ec")).toBe("a\\x1b[31mb\\u{202e}c");
});
