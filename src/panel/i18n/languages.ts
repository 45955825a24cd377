/** The languages that the panel speaks: one row here and one folder beside it for each. English comes along, the others when they are chosen. */
import { words as english } from "./en/words.ts";

export type StringKey = keyof typeof english;
/** `{name}` is filled in, `|` parts the forms for numbers, in the order of `Intl.PluralRules`: one, two, few, many, other. */
export type Words = Readonly<Record<StringKey, string>>;

interface LanguageRow {
  /** What its speakers call it. */
  readonly name: string;
  /** For the page and the formats of numbers and times. */
  readonly tag: string;
  readonly load: () => Promise<Words>;
}

export const ENGLISH: Words = english;

export const LANGUAGES = {
  en: { name: "English", tag: "en", load: async () => english },
  zh: { name: "中文", tag: "zh-CN", load: async () => (await import("./zh/words.ts")).words },
} satisfies Record<string, LanguageRow>;
export type Language = keyof typeof LANGUAGES;

export const LANGUAGE_IDS = Object.keys(LANGUAGES) as readonly Language[];
