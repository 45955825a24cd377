import { expect, test } from "bun:test";
import { ageOf, titleOf } from "../../../src/panel/components/session-words.ts";
import { ENGLISH } from "../../../src/panel/i18n/languages.ts";
import { translate } from "../../../src/panel/i18n/translate.ts";

const t = (key: Parameters<typeof translate>[1]) => translate({ language: "en", words: ENGLISH }, key);

test.each([
  ["agent:main:main", null, "Main conversation"],
  ["agent:main:main", "Mine", "Mine"],
  ["agent:main:chat:1", null, "New conversation"],
  ["agent:main:telegram:dm:7", null, "agent:main:telegram:dm:7"],
])("titleOf %s with title %j is %j", (session_key, title, expected) => {
  expect(titleOf({ session_key, title }, t)).toBe(expected);
});

test.each([
  [new Date(2026, 10, 21, 0, 1), "rail.today"],
  [new Date(2026, 10, 20, 23, 59), "rail.yesterday"],
  [new Date(2026, 10, 16, 12, 0), "rail.week"],
  [new Date(2026, 9, 1), "rail.older"],
] as const)("ageOf %s is %s", (at, expected) => {
  expect(ageOf(at.getTime(), new Date(2026, 10, 21, 12, 0).getTime())).toBe(expected);
});
