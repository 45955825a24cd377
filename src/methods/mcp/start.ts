import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { toWireServer } from "../../mcp/wire.ts";
import { mcpServer } from "../../protocol/mcp.ts";
import { defineMethod } from "../../sdk/method.ts";

const paths = z.array(z.string().min(1));

export const mcpStart = defineMethod({
  name: "mcp.start",
  summary: "Start an MCP server of config.toml, or a new one until it is stopped",
  // A command is code that runs here.
  scope: "admin",
  params: z.strictObject({
    name: z.string(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** What it may touch, as in config.toml. */
    read: paths.optional(),
    write: paths.optional(),
    execute: paths.optional(),
    network: z.array(z.string().min(1)).optional(),
  }),
  result: mcpServer,
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "start">> }, { name, ...table }, { signal }) {
    return toWireServer(await (await mcp()).start(name, table, signal));
  },
});
