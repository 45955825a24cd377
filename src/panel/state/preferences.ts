/** What a person set for this browser: theme, language, the rail, notifications. */
import { effect, type Signal, signal } from "@preact/signals";
import { LANGUAGE_IDS, type Language } from "../i18n/languages.ts";
import type { KeptValues } from "./storage.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly theme: Signal<Theme>;
  readonly language: Signal<Language>;
  readonly railOpen: Signal<boolean>;
  readonly railWidth: Signal<number>;
  readonly notify: Signal<boolean>;
}

export const RAIL = { min: 200, max: 420, usual: 264 } as const;

const NAME = "aleph.preferences";

/** `wanted` are the browser's languages, the dearest first. */
export function createPreferences(kept: KeptValues, wanted: readonly string[]): Preferences {
  const found = kept.read(NAME);
  const saved = typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  const preferences: Preferences = {
    theme: signal(THEMES.find((theme) => theme === saved.theme) ?? "system"),
    language: signal(LANGUAGE_IDS.find((language) => language === saved.language) ?? languageOf(wanted)),
    railOpen: signal(saved.rail_open !== false),
    railWidth: signal(clampRail(typeof saved.rail_width === "number" ? saved.rail_width : RAIL.usual)),
    notify: signal(saved.notify === true),
  };
  effect(() => {
    kept.write(NAME, {
      theme: preferences.theme.value,
      language: preferences.language.value,
      rail_open: preferences.railOpen.value,
      rail_width: preferences.railWidth.value,
      notify: preferences.notify.value,
    });
  });
  return preferences;
}

export function clampRail(width: number): number {
  return Math.round(Math.min(RAIL.max, Math.max(RAIL.min, width)));
}

export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGE_IDS.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}
