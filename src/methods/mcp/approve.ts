import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { toWireServer } from "../../mcp/wire.ts";
import { mcpServer } from "../../protocol/mcp.ts";
import { defineMethod } from "../../sdk/method.ts";

export const mcpApprove = defineMethod({
  name: "mcp.approve",
  summary: "Take what a held MCP server says of its tools now for what is allowed",
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    /** Of the tools that were shown: those and no others are approved. */
    sha256: z.string().optional(),
  }),
  result: mcpServer,
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "approve">> }, { name, sha256 }, { grant }) {
    return toWireServer(await (await mcp()).approve(name, grant?.identity.id ?? "owner", sha256));
  },
});
