import { expect, test } from "bun:test";
import { pathOf } from "../../src/lib/path-of.ts";

const PATHS = [
  "/",
  "/v1/chat/completions",
  "/a?b=/c#d",
  "/a#b?c",
  "/p?x=http://y/z",
  "//x/y",
  "/%2e%2e/z",
  "/v1/../v1/x",
  "/ä",
  "/a\\b",
];

test("pathOf gives the path of a URL as parsing it does", () => {
  for (const base of ["http://127.0.0.1:8080", "https://[::1]:8443", "http://a"]) {
    const urls = PATHS.map((path) => new URL(base + path));
    expect(urls.map(({ href }) => pathOf(href))).toEqual(urls.map(({ pathname }) => pathname));
  }
});
