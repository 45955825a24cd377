import { expect, test } from "bun:test";
import { signal } from "@preact/signals";
import { LANGUAGES, type Language } from "../../../src/panel/i18n/languages.ts";
import { createWording } from "../../../src/panel/state/wording.ts";
import { until } from "../../support/until.ts";

test("the words are English at once, and those of another language when they are there", async () => {
  const language = signal<Language>("zh");
  const wording = createWording(language);
  expect(wording.shown.peek().language).toBe("en");
  await wording.ready;
  expect(wording.shown.peek()).toMatchObject({ language: "zh", words: { "act.cancel": "取消" } });
  language.value = "en";
  await until(() => wording.shown.peek().language === "en");
  expect(wording.shown.peek().words["act.cancel"]).toBe("Cancel");
});

test("of two languages that are chosen one after the other the last one counts", async () => {
  const language = signal<Language>("en");
  const wording = createWording(language);
  language.value = "zh";
  language.value = "en";
  await LANGUAGES.zh.load();
  expect(wording.shown.peek().language).toBe("en");
});
