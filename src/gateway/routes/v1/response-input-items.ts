/** The items that a kept response answered. */
import { AlephError } from "../../../protocol/errors.ts";
import { apiRoute, pathParameter } from "../../completion-route.ts";

const MAX = 100;

export const responseInputItemsRoute = apiRoute(async ({ stored }, route) => {
  const { input } = stored.get(route.grant!.identity.id, pathParameter(route, /^\/v1\/responses\/([^/]+)/));
  const query = new URL(route.request.url).searchParams;
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX) {
    throw new AlephError("invalid_params", `"limit" must be from 1 to ${MAX}`, { data: { param: "limit" } });
  }
  const ordered = query.get("order") === "asc" ? input : input.toReversed();
  const after = query.get("after");
  const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const data = ordered.slice(from, from + limit);
  return Response.json({
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < ordered.length,
  });
});
