import { expect, test } from "bun:test";
import { readFrontmatter } from "../../src/lib/frontmatter.ts";

test("readFrontmatter gives fields, body and the lines of keys", () => {
  const read = readFrontmatter(
    "\ufeff---\r\nname: a\r\n# note\r\n'two words': |\r\n  x\r\n  y: z\r\n---\r\n\r\nBody\r\n---\r\n",
  );
  if ("fault" in read) throw new Error(read.fault.message);
  expect(read.fields).toEqual({ name: "a", "two words": "x\ny: z\n" });
  expect(read.body).toBe("Body\n---");
  expect([read.lineOf("name"), read.lineOf("two words"), read.lineOf("y")]).toEqual([2, 4, 1]);
});

test.each([
  ["no opening", "name: a", { message: 'must begin with a line "---"', line: 1 }],
  ["no end", "---\nname: a\n", { message: 'has no second line "---" that ends its frontmatter', line: 1 }],
  ["no YAML", "---\nname: a\nlist: [1\nmore: 2\n---\n", { message: "is not YAML", line: 3 }],
  ["a list", "---\n- a\n---\n", { message: "must be a list of keys with values", line: 2 }],
  [
    "too much",
    `---\na: ${"x".repeat(17_000)}\n---\n`,
    { message: "has a frontmatter of more than 16384 characters", line: 1 },
  ],
])("readFrontmatter tells what is wrong: %s", (_name, text, fault) => {
  expect(readFrontmatter(text)).toEqual({ fault });
});

test("readFrontmatter takes an empty one", () => {
  expect(readFrontmatter("---\n---\n")).toMatchObject({ fields: {}, body: "" });
});
