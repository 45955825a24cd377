/** OpenAI's Chat Completions. */
import { completionRoute } from "../../completion-route.ts";

export const chatCompletionsRoute = completionRoute("chat", "/v1/chat/completions");
