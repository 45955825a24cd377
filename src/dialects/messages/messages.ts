/** Anthropic's Messages. */
import type { DialectFormat } from "../dialect.ts";
import { messagesEncoder, messagesReply } from "./reply.ts";
import { parseMessagesRequest } from "./request.ts";

export const messages: DialectFormat = {
  dialect: "messages",
  parse: parseMessagesRequest,
  reply: messagesReply,
  encoder: messagesEncoder,
};
