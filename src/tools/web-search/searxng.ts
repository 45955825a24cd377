/** SearXNG, https://docs.searxng.org/dev/search_api.html; its settings must allow the format `json`. */
import { type Engine, hitsOf, objectOf } from "./engine.ts";

export const searxng: Engine = {
  needsKey: false,
  request({ text, period }, base, key) {
    const query = new URLSearchParams({ q: text, format: "json" });
    if (period) query.set("time_range", period);
    // It has no keys of its own; who puts one before it does so with a proxy.
    return { url: `${base}/search?${query}`, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } };
  },
  read: (json) => hitsOf(objectOf(json).results, { snippet: "content", date: "publishedDate" }),
};
