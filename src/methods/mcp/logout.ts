import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mcpLogout = defineMethod({
  name: "mcp.logout",
  summary: "Forget the login at a remote MCP server",
  scope: "admin",
  params: z.strictObject({ name: z.string() }),
  result: z.object({ name: z.string() }),
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "logout">> }, { name }) {
    await (await mcp()).logout(name);
    return { name };
  },
});
