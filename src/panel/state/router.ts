/** Which page is shown, kept in the part of the address behind `#`: the server never sees it, back and forward work. */
import { type ReadonlySignal, signal } from "@preact/signals";

export type Place =
  | { readonly page: "new" }
  | { readonly page: "session"; readonly key: string }
  | { readonly page: PageName };

const PAGES = ["approvals", "plugins", "skills", "mcp", "devices", "settings"] as const;
export type PageName = (typeof PAGES)[number];

export interface Router {
  readonly place: ReadonlySignal<Place>;
  go(place: Place): void;
  /** Without a step in the browser's history. */
  replace(place: Place): void;
}

export function parsePlace(hash: string): Place {
  const [, page, ...rest] = hash.replace(/^#/, "").split("/");
  if (page === "s" && rest.length > 0) {
    try {
      return { page: "session", key: decodeURIComponent(rest.join("/")) };
    } catch {
      // Not ours: a broken escape sequence.
      return { page: "new" };
    }
  }
  const known = PAGES.find((name) => name === page);
  return { page: known ?? "new" };
}

export function hashOf(place: Place): string {
  return place.page === "session" ? `#/s/${encodeURIComponent(place.key)}` : `#/${place.page}`;
}

export function createRouter(window: Pick<Window, "location" | "history" | "addEventListener">): Router {
  const place = signal(parsePlace(window.location.hash));
  window.addEventListener("hashchange", () => {
    place.value = parsePlace(window.location.hash);
  });
  return {
    place,
    go(next) {
      window.location.hash = hashOf(next);
    },
    replace(next) {
      window.history.replaceState(null, "", hashOf(next));
      place.value = next;
    },
  };
}
