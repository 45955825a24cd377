import { expect, test } from "bun:test";
import * as z from "zod";
import { findFaults } from "../../src/lib/schema-faults.ts";

const schema = z.strictObject({
  about: z.strictObject({ id: z.string().regex(/^[a-z]+$/, "must be letters"), size: z.int().max(5).optional() }),
  items: z.array(z.strictObject({ name: z.string().max(3) })).optional(),
  named: z.record(z.string(), z.strictObject({ kind: z.enum(["wide", "tall"]) })).optional(),
});

test("findFaults finds nothing in a value that fits", () => {
  expect(findFaults(schema, { about: { id: "a" }, items: [{ name: "abc" }], named: { x: { kind: "tall" } } })).toEqual(
    [],
  );
});

test.each([
  [{}, [["about"], "is missing; it must be a table"]],
  [{ about: { id: "a" }, abuot: 1 }, [["abuot"], 'unknown key; did you mean "about"']],
  [{ about: { id: "a", sise: 1 } }, [["about", "sise"], 'unknown key; did you mean "size"']],
  [{ about: { id: "a", colour: 1 } }, [["about", "colour"], "unknown key; known here: id, size"]],
  [{ about: { id: "a" }, items: [{ name: "a", nmae: 1 }] }, [["items", 0, "nmae"], 'unknown key; did you mean "name"']],
  [
    { about: { id: "a" }, named: { x: { kind: "tall", kid: 1 } } },
    [["named", "x", "kid"], 'unknown key; did you mean "kind"'],
  ],
  [
    { about: { id: "a" }, named: { x: { kind: "tal" } } },
    [["named", "x", "kind"], 'must be one of "wide", "tall"; did you mean "tall"'],
  ],
  [{ about: { id: "a" }, named: { x: {} } }, [["named", "x", "kind"], 'is missing; it must be one of "wide", "tall"']],
  [{ about: { id: "a" }, items: [{ name: "abcd" }] }, [["items", 0, "name"], "must not be longer than 3 characters"]],
  [{ about: { id: "A" } }, [["about", "id"], "must be letters"]],
  [{ about: { id: "a", size: 6 } }, [["about", "size"], "must be at most 5"]],
  [{ about: { id: true } }, [["about", "id"], "must be a string, not true"]],
])("findFaults in %j names the place and what is wrong", (value, [path, message]) => {
  expect(findFaults(schema, value)).toEqual([{ path, message } as never]);
});

test("findFaults leaves the format of a reference alone, but not its type", () => {
  const isReference = (value: unknown) => value === "env:A";
  expect(findFaults(schema, { about: { id: "env:A" } }, { isReference })).toEqual([]);
  expect(findFaults(schema, { about: { id: "a", size: "env:A" } }, { isReference })).toHaveLength(1);
});

test("findFaults ends at its limit", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, 1]));
  expect(findFaults(schema, { about: { id: "a" }, ...many }, { limit: 7 })).toHaveLength(7);
});
