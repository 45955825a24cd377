/** OpenAI's Chat Completions. */
import type { DialectFormat } from "../dialect.ts";
import { chatEncoder, chatReply } from "./reply.ts";
import { parseChatRequest } from "./request.ts";

export const chat: DialectFormat = {
  dialect: "chat",
  parse: parseChatRequest,
  reply: chatReply,
  encoder: chatEncoder,
};
