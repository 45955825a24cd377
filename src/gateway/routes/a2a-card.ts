/** The agent card, by which other agents find out how to talk to this one (A2A, "Agent Discovery"). */
import type { A2aEndpoint } from "../../a2a/endpoint.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";

export const a2aCardRoute = defineRoute<{
  /** Undefined while it is switched off. */
  readonly a2a: () => Promise<Pick<A2aEndpoint, "card"> | undefined>;
}>({
  auth: "public",
  async handle({ a2a }, { request }) {
    const endpoint = await a2a();
    if (!endpoint) throw new AlephError("not_found", "Nothing is served at this path");
    return endpoint.card(request);
  },
});
