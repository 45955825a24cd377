/** The dialects that `/v1` speaks, loaded when a request must be translated. */
export const dialects = {
  chat: () => import("./chat/chat.ts").then((m) => m.chat),
  messages: () => import("./messages/messages.ts").then((m) => m.messages),
  responses: () => import("./responses/responses.ts").then((m) => m.responses),
} as const;
