/** Ends a response that runs in the background. */
import { apiRoute, pathParameter } from "../../completion-route.ts";

export const responseCancelRoute = apiRoute(async ({ background }, route) =>
  Response.json(await background.cancel(route.grant!.identity.id, pathParameter(route, /^\/v1\/responses\/([^/]+)/))),
);
