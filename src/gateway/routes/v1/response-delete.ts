/** Forgets a response. What a vendor keeps of it for a time is the vendor's. */
import { apiRoute, pathParameter } from "../../completion-route.ts";

export const responseDeleteRoute = apiRoute(async ({ stored }, route) => {
  const id = pathParameter(route, /^\/v1\/responses\/([^/]+)/);
  await stored.delete(route.grant!.identity.id, id);
  return Response.json({ id, object: "response", deleted: true });
});
