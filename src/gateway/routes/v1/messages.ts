/** Anthropic's Messages. */
import { completionRoute } from "../../completion-route.ts";

export const messagesRoute = completionRoute("messages", "/v1/messages");
