import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { isTable, mergePatch } from "../../src/lib/merge-patch.ts";

describe("mergePatch", () => {
  // RFC 7396, appendix A, in its order.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j with %j is %j", (target, patch, expected) => {
    const [before, given] = [structuredClone(target), structuredClone(patch)];
    expect(mergePatch(target, patch)).toEqual(expected);
    expect([target, patch]).toEqual([before, given] as never);
  });

  test("the example of section 3", () => {
    const target = {
      title: "Goodbye!",
      author: { givenName: "John", familyName: "Doe" },
      tags: ["example", "sample"],
      content: "x",
    };
    const patch = { title: "Hello!", phoneNumber: "+01-123-456-7890", author: { familyName: null }, tags: ["example"] };
    expect(mergePatch(target, patch)).toEqual({
      title: "Hello!",
      author: { givenName: "John" },
      tags: ["example"],
      content: "x",
      phoneNumber: "+01-123-456-7890",
    });
  });

  test("keys of Object's own do no harm", () => {
    const merged = mergePatch(
      {},
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"a": 1}, "toString": null}'),
    );
    expect(JSON.stringify(merged)).toBe('{"constructor":{"a":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((merged as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("applied twice it is the same as once, and with the difference it makes the one into the other", () => {
    const key = fc.constantFrom("a", "b", "c");
    const table = fc.letrec<{ any: unknown; table: Record<string, unknown> }>((tie) => ({
      any: fc.oneof({ depthSize: "small" }, fc.integer(), fc.array(fc.integer(), { maxLength: 2 }), tie("table")),
      table: fc.dictionary(key, tie("any"), { maxKeys: 3 }),
    })).table;
    const difference = (from: Record<string, unknown>, to: Record<string, unknown>): Record<string, unknown> => {
      const patch: Record<string, unknown> = {};
      for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
        const [old, next] = [from[name], to[name]];
        if (!Object.hasOwn(to, name)) patch[name] = null;
        else
          patch[name] =
            isTable(old) && isTable(next) ? difference(old, next) : isTable(next) ? difference({}, next) : next;
      }
      return patch;
    };
    fc.assert(
      fc.property(table, table, (from, to) => {
        const once = mergePatch(from, to);
        expect(mergePatch(once, to)).toEqual(once);
        expect(mergePatch(from, difference(from, to))).toEqual(to);
      }),
    );
  });
});

test("isTable: objects, not arrays and not null", () => {
  expect([{}, Object.create(null)].map(isTable)).toEqual([true, true]);
  expect([[], null, undefined, "x", 1, () => 1].map(isTable)).toEqual(Array(6).fill(false));
});
