/** What is being written, by conversation: survives a reload and a login, not the end of the browser window. */
import type { KeptValues } from "./storage.ts";

export interface Drafts {
  read(place: string): string;
  write(place: string, text: string): void;
}

const NAME = "aleph.drafts";
const KEPT = 50;

export function createDrafts(kept: KeptValues): Drafts {
  const all = (): Record<string, string> => {
    const found = kept.read(NAME);
    return typeof found === "object" && found !== null ? (found as Record<string, string>) : {};
  };
  return {
    read: (place) => all()[place] ?? "",
    write(place, text) {
      const { [place]: _, ...others } = all();
      const entries = Object.entries(others).slice(-KEPT);
      kept.write(NAME, Object.fromEntries(text === "" ? entries : [...entries, [place, text]]));
    },
  };
}
