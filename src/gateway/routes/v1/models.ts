/** The names that `model` may have, for clients of OpenAI and of Anthropic: each reads the fields that it knows. */
import { apiRoute, describeModel } from "../../completion-route.ts";

export const modelsRoute = apiRoute(async (completion, { request }) => {
  const data = (await completion.models(request.signal)).map(describeModel);
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return Response.json({ object: "list", data, has_more: false, ...ends });
});
