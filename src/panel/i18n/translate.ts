/** Words, numbers and times in the person's language. */
import { type Language, type StringKey, strings } from "./strings.ts";

export type Values = Readonly<Record<string, string | number>>;
export type Translate = (key: StringKey, values?: Values) => string;

export function translate(language: Language, key: StringKey, values: Values = {}): string {
  const forms = strings[key][language].split("|");
  const text = (forms.length > 1 && values.count !== 1 ? forms[1] : forms[0]) ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export interface Formats {
  /** `4 ms`, `0.4 s`, `12 s`, `2 min 5 s`. */
  duration(ms: number): string;
  /** Hours and minutes; with the date when it was not today. */
  time(ts: number): string;
  number(value: number): string;
  /** US dollars, with as many places as a small sum needs. */
  money(usd: number): string;
  bytes(count: number): string;
}

export function createFormats(language: Language, now: () => number): Formats {
  const locale = language === "zh" ? "zh-CN" : "en";
  const [second, minute, hour] = language === "zh" ? [" 秒", " 分", " 小时"] : [" s", " min", " h"];
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
  return {
    duration(ms) {
      if (ms < 95) return `${Math.max(1, Math.round(ms))} ${language === "zh" ? "毫秒" : "ms"}`;
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
    money: (usd) => `$${usd === 0 ? "0" : usd < 0.01 ? usd.toPrecision(2) : usd.toFixed(usd < 1 ? 3 : 2)}`,
    bytes(count) {
      if (count < 1000) return `${whole.format(count)} B`;
      return count < 1e6 ? `${whole.format(count / 1000)} kB` : `${tenth.format(count / 1e6)} MB`;
    },
  };
}
