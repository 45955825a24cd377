/** Tavily Search, https://docs.tavily.com/documentation/api-reference/endpoint/search. */
import { type Engine, hitsOf, objectOf } from "./engine.ts";

export const tavily: Engine = {
  baseUrl: "https://api.tavily.com",
  needsKey: true,
  request: ({ text, count, period }, base, key = "") => ({
    url: `${base}/search`,
    headers: { authorization: `Bearer ${key}` },
    body: { query: text, max_results: count, ...(period ? { time_range: period } : {}) },
  }),
  read: (json) => hitsOf(objectOf(json).results, { snippet: "content", date: "published_date" }),
};
