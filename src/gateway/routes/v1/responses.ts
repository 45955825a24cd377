/** OpenAI's Responses. */
import { completionRoute } from "../../completion-route.ts";

export const responsesRoute = completionRoute("responses", "/v1/responses");
