/** The words of the language that was chosen; until they are there, those that were. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { ENGLISH, LANGUAGES, type Language } from "../i18n/languages.ts";
import type { Wording } from "../i18n/translate.ts";

export interface ShownWording {
  readonly shown: ReadonlySignal<Wording>;
  /** Resolves when the language of the beginning is there, or cannot be had. */
  readonly ready: Promise<void>;
}

export function createWording(language: ReadonlySignal<Language>): ShownWording {
  const shown = signal<Wording>({ language: "en", words: ENGLISH });
  const load = async (wanted: Language) => {
    try {
      const words = await LANGUAGES[wanted].load();
      if (language.peek() === wanted) shown.value = { language: wanted, words };
    } catch {
      // Offline, or a server that was updated meanwhile: the words that are there stay.
    }
  };
  let ready = Promise.resolve();
  effect(() => {
    const wanted = language.value;
    if (wanted !== shown.peek().language) ready = load(wanted);
  });
  return { shown, ready };
}
