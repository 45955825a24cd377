import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileGlob } from "../../src/lib/glob.ts";

/** What the patterns mean, by trying everything. */
function reference(glob: readonly string[], topic: readonly string[]): boolean {
  const [part, ...rest] = glob;
  if (part === undefined) return topic.length === 0;
  if (part === "**") return topic.some((_, skip) => reference(rest, topic.slice(skip))) || reference(rest, []);
  if (topic.length === 0) return false;
  if (part === "*" && rest.length === 0) return true;
  return (part === "*" || part === topic[0]) && reference(rest, topic.slice(1));
}

describe("compileGlob", () => {
  test.each([
    ["stream.chunk", "stream.chunk", true],
    ["stream.chunk", "stream.chunks", false],
    ["stream.*", "stream.chunk", true],
    ["stream.*", "stream.chunk.more", true],
    ["stream.*", "stream", false],
    ["stream.*", "streams.chunk", false],
    ["*", "a", true],
    ["*", "a.b.c", true],
    ["*.chunk", "stream.chunk", true],
    ["*.chunk", "a.stream.chunk", false],
    ["a.*.c", "a.b.c", true],
    ["a.*.c", "a.b.b.c", false],
    ["**", "a.b.c", true],
    ["**.c", "c", true],
    ["**.c", "a.b.c", true],
    ["a.**", "a", true],
    ["a.**.c", "a.c", true],
    ["a.**.c", "a.b.c.b.c", true],
    ["a.**.c", "a.b.c.b", false],
    ["**.b.**", "a.b", true],
    ["a.**.*", "a", false],
    ["a.**.*", "a.b", true],
    ["", "a", false],
    ["str*", "stream", false],
    ["a.+", "a.b", false],
    ["+", "a", false],
    ["a.+.c", "a.+.c", true],
    ["a.[b].(c|d)+", "a.[b].(c|d)+", true],
  ])("%p on %p is %p", (pattern, topic, expected) => {
    expect(compileGlob(pattern)(topic)).toBe(expected);
  });

  test("agrees with the definition", () => {
    const part = fc.constantFrom("a", "b", "*", "**");
    const segment = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 7 }),
        fc.array(segment, { minLength: 1, maxLength: 8 }),
        (glob, topic) => {
          expect(compileGlob(glob.join("."))(topic.join("."))).toBe(reference(glob, topic));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("takes time in proportion to pattern and topic, whatever the pattern", () => {
    // One that goes back and tries again would not come to an end here.
    for (const pattern of [
      `${"**.a.".repeat(60)}b`,
      `${"**.".repeat(100)}b`,
      "**.a.a.a.a.a.a.b",
      `${"*.**.".repeat(60)}b`,
    ]) {
      const topic = Array(200).fill("a").join(".");
      const match = compileGlob(pattern);
      const before = performance.now();
      expect(match(topic)).toBe(false);
      expect(performance.now() - before).toBeLessThan(250);
    }
  });
});
