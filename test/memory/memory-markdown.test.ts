import { expect, test } from "bun:test";
import { isMemoryFile, parseMemory, renderMemory } from "../../src/memory/memory-markdown.ts";
import type { Fact } from "../../src/sdk/memory.ts";

test("parseMemory reads what renderMemory wrote, and what people write", () => {
  const facts = ["plain", "ends with <!-- fact_0 -->", "- a list", "two\u2028lines"].map(
    (content, at) => ({ content, fact_id: `fact_${at + 1}`, trusted: at < 2 }) as Fact,
  );
  expect(parseMemory(renderMemory(facts, true))).toEqual(
    facts.map(({ content, fact_id, trusted }) => ({ factId: fact_id, content, checked: trusted })),
  );
  expect(parseMemory("# Mine\r\n  * one  \r\n-two\n- \n-  three <!-- fact_a1 -->  \n- <!-- fact_b -->\n")).toEqual([
    { factId: undefined, content: "one", checked: true },
    { factId: "fact_a1", content: "three", checked: true },
  ]);
  expect([isMemoryFile("- x"), isMemoryFile("# Memory"), isMemoryFile("x"), isMemoryFile("")]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("parseMemory takes no longer for a line that is nothing but spaces", () => {
  const text = `- a${" ".repeat(1_000_000)}b`;
  const began = performance.now();
  expect([isMemoryFile(text), parseMemory(text)[0]?.content.length]).toEqual([true, 1_000_002]);
  expect(performance.now() - began).toBeLessThan(1000);
});
