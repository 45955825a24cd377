import { defineRoute } from "../../sdk/route.ts";

/** Whether the process serves, and nothing else. */
export const healthRoute = defineRoute({
  auth: "public",
  early: true,
  handle: () => new Response("OK", { headers: { "cache-control": "no-store" } }),
});
