/** Brave Search, https://api-dashboard.search.brave.com/app/documentation. */
import { type Engine, hitsOf, objectOf } from "./engine.ts";

const FRESHNESS = { day: "pd", week: "pw", month: "pm", year: "py" } as const;

export const brave: Engine = {
  baseUrl: "https://api.search.brave.com",
  needsKey: true,
  request({ text, count, period }, base, key = "") {
    const query = new URLSearchParams({ q: text, count: String(count) });
    if (period) query.set("freshness", FRESHNESS[period]);
    return { url: `${base}/res/v1/web/search?${query}`, headers: { "x-subscription-token": key } };
  },
  read: (json) => hitsOf(objectOf(objectOf(json).web).results, { snippet: "description", date: "age" }),
};
