import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";

/** Whether work is taken: 503 while starting, while stopping and when the database cannot be written. */
export const readyRoute = defineRoute<{ isReady: () => boolean }>({
  auth: "public",
  handle({ isReady }) {
    if (!isReady()) throw new AlephError("overloaded", "Not ready");
    return new Response("OK", { headers: { "cache-control": "no-store" } });
  },
});
