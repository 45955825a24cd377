import { describe, expect, test } from "bun:test";
import { changesOf, countsOf, diffIn } from "../../../src/panel/components/file-changes.ts";

describe("changesOf", () => {
  test("tells one replacement line by line", () => {
    const args = { path: "a.ts", old_text: "one\ntwo\n", new_text: "one\nthree\n" };
    expect(changesOf({ args })).toEqual([
      {
        path: "a.ts",
        lines: [
          { kind: "same", text: "one" },
          { kind: "removed", text: "two" },
          { kind: "added", text: "three" },
        ],
      },
    ]);
  });

  test("parts several replacements of one file", () => {
    const edits = [
      { old_text: "a", new_text: "b" },
      { old_text: "c", new_text: "" },
    ];
    expect(changesOf({ args: { path: "a.ts", edits } })).toEqual([
      {
        path: "a.ts",
        lines: [
          { kind: "removed", text: "a" },
          { kind: "added", text: "b" },
          { kind: "place", text: "" },
          { kind: "removed", text: "c" },
        ],
      },
    ]);
  });

  test("takes a whole new text as added", () => {
    const changes = changesOf({ args: { path: "new.txt", content: "x\ny\n" } })!;
    expect(countsOf(changes)).toEqual({ added: 2, removed: 0 });
  });

  test("reads patches of several files", () => {
    const patch = `*** Begin Patch
*** Update File: src/a.ts
@@ function f() {
 keep
-old
+new
*** Add File: b.txt
+first
*** Delete File: c.txt
*** End Patch`;
    expect(changesOf({ args: { patch } })).toEqual([
      {
        path: "src/a.ts",
        lines: [
          { kind: "place", text: "@@ function f() {" },
          { kind: "same", text: "keep" },
          { kind: "removed", text: "old" },
          { kind: "added", text: "new" },
        ],
      },
      { path: "b.txt", lines: [{ kind: "added", text: "first" }] },
      { path: "c.txt", lines: [] },
    ]);
  });

  test.each([
    [{ command: "ls" }],
    [{ path: "a" }],
    [{ path: "a", old_text: "x" }],
    [{ path: "a", edits: [{ old_text: 1, new_text: "b" }] }],
    [{ path: "a", content: "b", to: "somebody" }],
    [{ patch: "nothing" }],
    ["text"],
    [null],
  ])("finds none in %j", (args) => {
    expect(changesOf({ args })).toBeUndefined();
  });
});

test("diffIn finds the output of a diff, and nothing in other text", () => {
  const text = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-- old\n+new\n";
  expect(diffIn(text)).toEqual([
    {
      path: "x",
      lines: [
        { kind: "place", text: "@@ -1,2 +1,2 @@" },
        { kind: "same", text: "same" },
        { kind: "removed", text: "- old" },
        { kind: "added", text: "new" },
        { kind: "same", text: "" },
      ],
    },
  ]);
  expect(diffIn("--- a list\n+++ more")).toBeUndefined();
});
