/** A response that was kept, or that still runs in the background. */
import { AlephError } from "../../../protocol/errors.ts";
import { apiRoute, pathParameter } from "../../completion-route.ts";

export const responseGetRoute = apiRoute(async ({ background }, route) => {
  if (new URL(route.request.url).searchParams.get("stream") === "true") {
    throw new AlephError("invalid_params", "A response that was kept cannot be streamed", {
      data: { param: "stream" },
    });
  }
  const id = pathParameter(route, /^\/v1\/responses\/([^/]+)/);
  return Response.json(await background.get(route.grant!.identity.id, id));
});
