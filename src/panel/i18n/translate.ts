/** Words, numbers and times in the person's language. */
import { LANGUAGES, type Language, type StringKey, type Words } from "./languages.ts";

/** A language with its words. */
export interface Wording {
  readonly language: Language;
  readonly words: Words;
}

export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: StringKey, values?: Values) => string;

const PLURALS = ["zero", "one", "two", "few", "many", "other"] as const;

export function translate({ language, words }: Wording, key: StringKey, values: Values = {}): string {
  const forms = words[key].split("|");
  const text = (forms.length > 1 ? forms[formOf(language, Number(values.count))] : forms[0]) ?? forms.at(-1)!;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function formOf(language: Language, count: number): number {
  const rules = new Intl.PluralRules(LANGUAGES[language].tag);
  const known = rules.resolvedOptions().pluralCategories;
  return PLURALS.filter((category) => known.includes(category)).indexOf(rules.select(count));
}

export interface Formats {
  /** `4 ms`, `0.4 s`, `12 s`, `2 min 5 s`. */
  duration(ms: number): string;
  /** Hours and minutes; with the date when it was not today. */
  time(ts: number): string;
  number(value: number): string;
  /** Short: `3.2K`. */
  compact(value: number): string;
  /** US dollars, with as many places as a small sum needs. */
  money(usd: number): string;
  bytes(count: number): string;
}

export function createFormats({ language, words }: Wording, now: () => number): Formats {
  const locale = LANGUAGES[language].tag;
  const [milli, second, minute, hour] = (["milliseconds", "seconds", "minutes", "hours"] as const).map(
    (unit) => ` ${words[`unit.${unit}`]}`,
  );
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  return {
    duration(ms) {
      if (ms < 95) return `${Math.max(1, Math.round(ms))}${milli}`;
      if (ms < 9950) return `${tenth.format(ms / 1000)}${second}`;
      const seconds = Math.round(ms / 1000);
      if (seconds < 60) return `${seconds}${second}`;
      if (seconds < 3600) return `${Math.floor(seconds / 60)}${minute} ${seconds % 60}${second}`;
      return `${Math.floor(seconds / 3600)}${hour} ${Math.floor((seconds % 3600) / 60)}${minute}`;
    },
    time(ts) {
      return new Date(ts).toDateString() === new Date(now()).toDateString() ? clock.format(ts) : day.format(ts);
    },
    number: (value) => whole.format(value),
    compact: (value) => short.format(value),
    money: (usd) => `$${usd === 0 ? "0" : usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(usd < 1 ? 3 : 2)}`,
    bytes(count) {
      if (count < 1000) return `${whole.format(count)} B`;
      return count < 1e6 ? `${whole.format(count / 1000)} kB` : `${tenth.format(count / 1e6)} MB`;
    },
  };
}
