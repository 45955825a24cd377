import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mcpLogin = defineMethod({
  name: "mcp.login",
  summary: "Begin a login at a remote MCP server, or end one with the address that the browser came back to",
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    /** Where the browser ended, when it could not reach the server's machine. */
    callback: z.url().optional(),
  }),
  result: z.object({
    /** Where the person agrees; null when the login is done. */
    authorization_url: z.string().nullable(),
  }),
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "login" | "finishLogin">> }, { name, callback }) {
    const servers = await mcp();
    if (callback === undefined) return { authorization_url: (await servers.login(name)).authorizationUrl };
    await servers.finishLogin(name, callback);
    return { authorization_url: null };
  },
});
