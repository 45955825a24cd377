/** One model; its id may hold slashes. */
import { apiRoute, describeModel, pathParameter } from "../../completion-route.ts";

export const modelRoute = apiRoute(async (completion, route) => {
  const id = pathParameter(route, /^\/v1\/models\/(.+)$/);
  return Response.json(describeModel(await completion.model(id, route.request.signal)));
});
