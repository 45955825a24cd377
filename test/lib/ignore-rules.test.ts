import { expect, test } from "bun:test";
import { parseIgnoreRules } from "../../src/lib/ignore-rules.ts";

test.each([
  ["*.log", "a.log", false, "ignored"],
  ["*.log", "deep/er/a.log", false, "ignored"],
  ["*.log", "a.log.txt", false, undefined],
  ["/a.txt", "a.txt", false, "ignored"],
  ["/a.txt", "deep/a.txt", false, undefined],
  ["build/", "build", true, "ignored"],
  ["build/", "build", false, undefined],
  ["build/", "deep/build", true, "ignored"],
  ["docs/*.md", "docs/a.md", false, "ignored"],
  ["docs/*.md", "docs/deep/a.md", false, undefined],
  ["docs/*.md", "other/docs/a.md", false, undefined],
  ["docs/**", "docs/deep/a.md", false, "ignored"],
  ["**/cache", "a/b/cache", true, "ignored"],
  ["a/**/z", "a/z", false, "ignored"],
  ["a/**/z", "a/b/c/z", false, "ignored"],
  ["*.log\n!keep.log", "keep.log", false, "wanted"],
  ["!keep.log\n*.log", "keep.log", false, "ignored"],
  ["# no\n\n  \n", "# no", false, undefined],
  ["\\#file", "#file", false, "ignored"],
  ["\\!file", "!file", false, "ignored"],
  ["file  \r", "file", false, "ignored"],
  ["a{b,c}", "ab", false, undefined],
  ["a{b,c}", "a{b,c}", false, "ignored"],
  ["[ab].txt", "b.txt", false, "ignored"],
  ["a?c", "a/c", false, undefined],
  ["/", "a", true, undefined],
] as const)("parseIgnoreRules: %j says of %s (folder %p) %s", (rules, path, isFolder, verdict) => {
  expect(parseIgnoreRules(rules).verdict(path, isFolder)).toBe(verdict);
});
