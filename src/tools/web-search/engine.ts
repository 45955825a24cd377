/** What a search engine is for the tool: one request, one list. */

export const PERIODS = ["day", "week", "month", "year"] as const;
export type Period = (typeof PERIODS)[number];

export interface Query {
  readonly text: string;
  readonly count: number;
  /** Only what is not older than this. */
  readonly period: Period | undefined;
}

export interface Hit {
  readonly title: string;
  readonly url: string;
  readonly snippet: string;
  /** As the engine writes it. */
  readonly date?: string;
}

export interface EngineRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; without it the request is a GET. */
  readonly body?: unknown;
}

export interface Engine {
  /** Where it answers when the config names no other place; nothing for one that everybody hosts. */
  readonly baseUrl?: string;
  readonly needsKey: boolean;
  request(query: Query, base: string, key: string | undefined): EngineRequest;
  /** Reads its JSON key by key; what is missing is passed over. */
  read(json: unknown): readonly Hit[];
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** The entries of a list that have an address of the web. */
export function hitsOf(list: unknown, keys: { readonly snippet: string; readonly date: string }): readonly Hit[] {
  return (Array.isArray(list) ? list : []).flatMap((each) => {
    const entry = objectOf(each);
    const { title, url } = entry;
    if (typeof url !== "string" || !/^https?:\/\//.test(url)) return [];
    const date = entry[keys.date];
    const hit = { title: plain(title) || url, url, snippet: plain(entry[keys.snippet]) };
    return [typeof date === "string" && date !== "" ? { ...hit, date: plain(date).slice(0, 40) } : hit];
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  "#x27": "'",
  nbsp: " ",
};
const MAX_PIECE = 2000;

/** Engines mark what was found with tags. */
function plain(value: unknown): string {
  if (typeof value !== "string") return "";
  const bare = value.slice(0, 2 * MAX_PIECE).replace(/<\/?(?:strong|b|em|mark|span)\b[^<>]{0,200}>/gi, "");
  return bare
    .replace(/&(amp|lt|gt|quot|nbsp|#39|#x27);/gi, (found, name: string) => ENTITIES[name.toLowerCase()] ?? found)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_PIECE)
    .toWellFormed();
}
