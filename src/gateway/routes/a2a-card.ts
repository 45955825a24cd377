/** The agent card, by which other agents find out how to talk to this one (A2A, "Agent Discovery"). */
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";
import type { A2aRouteNeeds } from "./a2a.ts";

export const a2aCardRoute = defineRoute<A2aRouteNeeds>({
  auth: "public",
  async handle({ a2a }, { request }) {
    const endpoint = await a2a();
    if (!endpoint) throw new AlephError("not_found", "Nothing is served at this path");
    return endpoint.card(request);
  },
});
