import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { toWireServer } from "../../mcp/wire.ts";
import { mcpServer } from "../../protocol/mcp.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mcpStop = defineMethod({
  name: "mcp.stop",
  summary: "Stop an MCP server; one of config.toml stays stopped until mcp.start, another one is gone",
  scope: "admin",
  params: z.strictObject({ name: z.string() }),
  result: mcpServer,
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "stop">> }, { name }) {
    return toWireServer(await (await mcp()).stop(name));
  },
});
