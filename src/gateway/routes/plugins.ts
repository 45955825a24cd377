/** What plugins serve: each of their routes says itself who may ask. */
import type { Auth } from "../../auth/auth.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Grant } from "../../protocol/identity.ts";
import { defineRoute } from "../../sdk/route.ts";

export interface PluginsRouteNeeds {
  readonly auth: Pick<Auth, "authenticateHeader">;
  /** Loaded with the first request. */
  readonly pluginRoutes: () => Promise<{
    answer(call: { readonly request: Request; readonly address: string; authenticate(): Grant }): Promise<Response>;
  }>;
}

export const pluginsRoute = defineRoute<PluginsRouteNeeds>({
  auth: "public",
  async handle({ auth, pluginRoutes }, { request, address, keepAlive }) {
    // Each of them has its own limit of time.
    keepAlive();
    return (await pluginRoutes()).answer({
      request,
      address,
      authenticate() {
        const { grant } = auth.authenticateHeader(request.headers.get("authorization"), { address });
        if (grant.scopes.includes("write")) return grant;
        throw new AlephError("forbidden", 'This needs the scope "write"');
      },
    });
  },
});
