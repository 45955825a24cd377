import { expect, test } from "bun:test";
import { createKeyTranslator } from "../../../src/cli/conversation/editor.ts";

const ESC = "\x1b";

function translate(...chunks: readonly string[]): string {
  const own = createKeyTranslator();
  const latin = chunks.map((chunk) => own(Buffer.from(chunk).toString("latin1"))).join("");
  return Buffer.from(latin, "latin1").toString();
}

test.each([
  ["plain keys", ["hi\r"], "hi\r"],
  ["Alt+Enter", ["a", `${ESC}\r`, "b"], "a⏎b"],
  ["Ctrl+J", ["a", "\n", "b"], "a⏎b"],
  ["an Enter typed before the prompt was there", ["a\n"], "a\r"],
  ["arrows and Escape", [`${ESC}[A${ESC}[1;5C`, ESC], `${ESC}[A${ESC}[1;5C${ESC}`],
  ["a paste of several lines", [`${ESC}[200~a\r\nb\nc\rd\te${ESC}[201~\r`], "a⏎b⏎c⏎d e\r"],
  ["a paste in pieces, its marks too", [`${ESC}[20`, "0~a\n", `b${ESC}[2`, "01~", "\r"], "a⏎b\r"],
  ["control characters in a paste", [`${ESC}[200~a\x03b\x04c${ESC}[201~`], "abc"],
  ["characters of several bytes", [`${ESC}[200~你好${ESC}[201~ü`], "你好ü"],
])("createKeyTranslator passes %s", (_what, chunks, keys) => {
  expect(translate(...chunks)).toBe(keys);
});

test("a sequence inside of a paste that would end the line does not", () => {
  expect(translate(`${ESC}[200~rm -rf x\r${ESC}[201~`)).toBe("rm -rf x⏎");
});
