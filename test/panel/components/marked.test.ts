import { expect, test } from "bun:test";
import { piecesOf } from "../../../src/panel/components/marked.tsx";

const marked = (text: string, words: string) =>
  piecesOf(text, words)
    .map(({ piece, isWord }) => (isWord ? `[${piece}]` : piece))
    .join("");

test("piecesOf marks each word that was looked for, whatever its letters' case", () => {
  expect(marked("Rain in Spain, rain", "rain IN")).toBe("[Rain] [in] Spa[in], [rain]");
  expect(marked("a.b (c)", "(c) .*")).toBe("a.b ([c])");
  expect(marked("北京下雨", "下雨")).toBe("北京[下雨]");
  expect(marked("as it is", " ?! ")).toBe("as it is");
});
