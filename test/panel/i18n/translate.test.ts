import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGLISH, LANGUAGE_IDS, LANGUAGES, type StringKey } from "../../../src/panel/i18n/languages.ts";
import { createFormats, translate } from "../../../src/panel/i18n/translate.ts";

const KEYS = Object.keys(ENGLISH) as StringKey[];
const tables = await Promise.all(
  LANGUAGE_IDS.map(async (language) => ({ language, words: await LANGUAGES[language].load() })),
);
const wordingOf = (language: string) => tables.find((table) => table.language === language)!;
const english = wordingOf("en");
const chinese = wordingOf("zh");
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).toSorted();

describe("words", () => {
  test.each(tables)("of $language have every key of the English ones and no other", ({ words }) => {
    expect(Object.keys(words).toSorted()).toEqual(KEYS.toSorted());
  });

  test.each(KEYS)("%s says the same in every language", (key) => {
    const texts = tables.map(({ words }) => words[key]);
    expect(texts.every((text) => text.trim() !== "")).toBe(true);
    const [first, ...others] = texts.map((text) => [...new Set(placeholders(text))]);
    for (const other of others) expect(other).toEqual(first!);
    for (const text of texts) expect(text).not.toMatch(/ {2}|\p{Extended_Pictographic}/u);
  });

  test("are all used, and all that is used is there", () => {
    const root = join(import.meta.dir, "../../../src/panel");
    const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:tsx?|html)$/.test(path) && !path.startsWith("i18n/en") && !path.startsWith("i18n/zh"))
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const made = [...sources.matchAll(/`([a-z]+\.[a-z_]*)\$\{/g)].map((match) => match[1]!);
    const unused = KEYS.filter((key) => !sources.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)));
    expect(unused).toEqual([]);
  });
});

describe("translate", () => {
  test("fills in values and leaves what it does not know", () => {
    expect(translate(english, "composer.not_sent", { why: "no line" })).toBe("Not sent: no line");
    expect(translate(english, "composer.not_sent")).toBe("Not sent: {why}");
  });

  test("does not look for values inside of values", () => {
    expect(translate(english, "composer.not_sent", { why: "{why}" })).toBe("Not sent: {why}");
  });

  test("knows one from many where the language does", () => {
    expect(translate(english, "answer.steps", { count: 1 })).toBe("1 step");
    expect(translate(english, "answer.steps", { count: 2 })).toBe("2 steps");
    expect(translate(chinese, "answer.steps", { count: 2 })).toBe("2 步");
  });
});

describe("formats", () => {
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  const en = createFormats(english, () => now);

  test.each([
    [0, "1 ms"],
    [42, "42 ms"],
    [400, "0.4 s"],
    [9_900, "9.9 s"],
    [9_960, "10 s"],
    [65_000, "1 min 5 s"],
    [3_660_000, "1 h 1 min"],
  ])("duration of %d ms is %s", (ms, expected) => {
    expect(en.duration(ms)).toBe(expected);
  });

  test.each([
    [0, "$0"],
    [0.000123, "$0.00012"],
    [0.0456, "$0.046"],
    [12.345, "$12.35"],
  ])("money of %d is %s", (usd, expected) => {
    expect(en.money(usd)).toBe(expected);
  });

  test("time of another day has the day", () => {
    expect(en.time(now)).toBe("12:00");
    expect(en.time(now - 86_400_000)).toContain("20");
  });

  test.each([
    [999, "999 B"],
    [12_345, "12 kB"],
    [3_400_000, "3.4 MB"],
  ])("bytes of %d are %s", (count, expected) => {
    expect(en.bytes(count)).toBe(expected);
  });
});
