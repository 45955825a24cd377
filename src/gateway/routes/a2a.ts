/** `/a2a`: tasks of other agents (A2A 1.0 and 0.3 over JSON-RPC). */
import type { A2aEndpoint } from "../../a2a/endpoint.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";

export const a2aRoute = defineRoute<{
  /** Undefined while it is switched off. */
  readonly a2a: () => Promise<Pick<A2aEndpoint, "handle"> | undefined>;
}>({
  auth: "token",
  scope: "chat",
  async handle({ a2a }, { request, grant, credential, keepAlive }) {
    const endpoint = await a2a();
    if (!endpoint) throw new AlephError("not_found", "Nothing is served at this path");
    // A task takes as long as it takes.
    keepAlive();
    return endpoint.handle({ request, grant: grant!, credential });
  },
});
