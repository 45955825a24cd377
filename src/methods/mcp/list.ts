import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { toWireServer } from "../../mcp/wire.ts";
import { mcpServer } from "../../protocol/mcp.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mcpList = defineMethod({
  name: "mcp.list",
  summary: "List the MCP servers with their state and tools; one that nobody has seen yet is started for it",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ servers: z.array(mcpServer) }),
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "list">> }) {
    const servers = (await mcp()).list();
    return { servers: await Promise.all(servers.map(toWireServer)) };
  },
});
