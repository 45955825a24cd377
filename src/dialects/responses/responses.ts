/** OpenAI's Responses. */
import type { DialectFormat } from "../dialect.ts";
import { responsesEncoder, responsesReply } from "./reply.ts";
import { parseResponsesRequest } from "./request.ts";

export const responses: DialectFormat = {
  dialect: "responses",
  parse: parseResponsesRequest,
  reply: responsesReply,
  encoder: responsesEncoder,
};
