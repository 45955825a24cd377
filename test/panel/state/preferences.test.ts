import { expect, test } from "bun:test";
import { createPreferences, languageOf } from "../../../src/panel/state/preferences.ts";
import { memory } from "../memory.ts";

test("preferences begin as the system and the browser have it", () => {
  const { theme, language, railOpen, railWidth, notify } = createPreferences(memory(), ["zh-TW", "en"]);
  expect([theme.value, language.value, railOpen.value, railWidth.value, notify.value]).toEqual([
    "system",
    "zh",
    true,
    264,
    false,
  ]);
});

test("preferences are kept", () => {
  const kept = memory();
  const first = createPreferences(kept, ["en"]);
  first.theme.value = "dark";
  first.railWidth.value = 300;
  const second = createPreferences(kept, ["en"]);
  expect([second.theme.value, second.railWidth.value]).toEqual(["dark", 300]);
});

test.each([null, 3, "x", {}, { theme: "pink", language: "xx", rail_width: 99_999, rail_open: "no" }])(
  "preferences of %j are the usual ones",
  (found) => {
    const { theme, language, railOpen, railWidth } = createPreferences(memory({ "aleph.preferences": found }), ["en"]);
    expect([theme.value, language.value, railOpen.value]).toEqual(["system", "en", true]);
    expect(railWidth.value).toBeLessThanOrEqual(420);
  },
);

test.each([
  [["de-DE", "fr"], "en"],
  [["de", "zh-Hans-CN"], "zh"],
  [["EN-us"], "en"],
  [[], "en"],
] as const)("languageOf %j is %s", (wanted, expected) => {
  expect(languageOf(wanted)).toBe(expected);
});
