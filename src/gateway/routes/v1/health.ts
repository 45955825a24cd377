/** Whether the API answers, for clients that look below `/v1` only. */
import { defineRoute } from "../../../sdk/route.ts";

export const healthRoute = defineRoute({
  auth: "public",
  early: true,
  handle: () => Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } }),
});
