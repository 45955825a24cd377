/** Vectors for texts, as numbers or packed in base64. */
import { readBody } from "../../../completion/call.ts";
import { apiRoute, singleCall } from "../../completion-route.ts";

export const embeddingsRoute = apiRoute(async (completion, route) =>
  completion.embed(singleCall("/v1/embeddings", route), readBody(await route.request.text())),
);
