/** Which page is shown, kept in the part of the address behind `#`: the server never sees it, back and forward work. */
import { type ReadonlySignal, signal } from "@preact/signals";

export type Place =
  | { readonly page: "new" }
  /** `message`: where it is opened, instead of at its end. */
  | { readonly page: "session"; readonly key: string; readonly message?: string }
  | { readonly page: "search"; readonly query?: string }
  | { readonly page: PageName };

const PAGES = [
  "approvals",
  "plugins",
  "skills",
  "mcp",
  "channels",
  "schedules",
  "memory",
  "usage",
  "devices",
  "settings",
  "setup",
  "models",
  "agents",
  "nodes",
  "logs",
  "config",
  "doctor",
] as const;
export type PageName = (typeof PAGES)[number];

export interface Router {
  readonly place: ReadonlySignal<Place>;
  go(place: Place): void;
  /** Without a step in the browser's history. */
  replace(place: Place): void;
}

export function parsePlace(hash: string): Place {
  const [, page, ...rest] = hash.replace(/^#/, "").split("/");
  if ((page === "s" && rest.length > 0) || page === "search") {
    try {
      const [given = "", message] = rest.join("/").split("?m=");
      const name = decodeURIComponent(given);
      if (page === "search") return { page, ...(name === "" ? {} : { query: name }) };
      return { page: "session", key: name, ...(message ? { message: decodeURIComponent(message) } : {}) };
    } catch {
      // Not ours: a broken escape sequence.
      return { page: "new" };
    }
  }
  const known = PAGES.find((name) => name === page);
  return { page: known ?? "new" };
}

export function hashOf(place: Place): string {
  if (place.page === "session") {
    const at = place.message === undefined ? "" : `?m=${encodeURIComponent(place.message)}`;
    return `#/s/${encodeURIComponent(place.key)}${at}`;
  }
  const query = place.page === "search" ? place.query : undefined;
  return `#/${place.page}${query === undefined ? "" : `/${encodeURIComponent(query)}`}`;
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
