/** `/whoami`: as whom somebody writes, and what that allows. */
import { defineChatCommand } from "../sdk/command.ts";

export const whoamiCommand = defineChatCommand({
  word: "whoami",
  summary: "Show as whom you write and what you may do",
  scope: "chat",
  forGuests: true,
  run(_needs, _typed, { grant: { identity, role, scopes }, sessionKey }) {
    return [
      `**You are:** \`${identity.id}\` (${identity.kind})`,
      `**You may:** ${role === "guest" ? "talk, as a guest" : scopes.join(", ")}`,
      `**Session:** \`${sessionKey}\``,
    ].join("\n");
  },
});
