import { expect, test } from "bun:test";
import { PAGE_TITLES } from "../../../src/panel/components/page-titles.ts";
import { ADMINISTRATION, isAdministration } from "../../../src/panel/state/administration.ts";
import { hashOf, parsePlace } from "../../../src/panel/state/router.ts";

test("each page about the server has an address and a title", () => {
  for (const page of ADMINISTRATION) {
    expect(parsePlace(hashOf({ page }))).toEqual({ page });
    expect(PAGE_TITLES[page]).toMatch(/\.title$/);
  }
});

test.each([
  ["doctor", true],
  ["settings", false],
  ["session", false],
])("isAdministration: whether %s is one of them is %p", (page, expected) => {
  expect(isAdministration(page)).toBe(expected);
});
