/** Pictures from words. */
import { readBody } from "../../../completion/call.ts";
import { apiRoute, singleCall } from "../../completion-route.ts";

export const imagesRoute = apiRoute(async (completion, route) =>
  completion.generateImages(singleCall("/v1/images/generations", route), readBody(await route.request.text())),
);
