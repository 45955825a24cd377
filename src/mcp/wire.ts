/** A server as clients see it. */
import type * as z from "zod";
import type { mcpServer } from "../protocol/mcp.ts";
import { changesBetween, type ToolDefinition, visible } from "./definitions.ts";
import type { KnownServer } from "./servers.ts";
import { describeTool, tierOf, toolNameOf } from "./tools.ts";

/** Asks for its tools, which may start it. */
export async function toWireServer(known: KnownServer): Promise<z.input<typeof mcpServer>> {
  const tools = await known.server.tools();
  const { name, table, isConfigured, server } = known;
  const { opened, pin, error } = server;
  const pending = pin?.pending;
  return {
    name,
    status: server.status,
    transport: table.url === undefined ? "stdio" : "http",
    configured: isConfigured,
    about: opened?.session.about ?? null,
    pid: opened?.pid ?? null,
    sandbox: opened?.sandbox ?? null,
    logged_in: await known.isLoggedIn(),
    error: error ? { reason: error.reason, message: error.message, ...hintOf(error.data) } : null,
    tools: tools.map((tool) => wireTool(known, tool)),
    sha256: pin?.sha256 ?? null,
    approved_by: pin?.approvedBy ?? null,
    pending: pending
      ? { sha256: pending.sha256, seen_at: pending.seenAt, changes: [...changesBetween(pin.tools, pending.tools)] }
      : null,
  };
}

function wireTool({ name, table }: KnownServer, tool: ToolDefinition) {
  return {
    name: visible(tool.name),
    description: describeTool(tool),
    tool: toolNameOf(name, tool.name),
    tier: tierOf(table, tool.name),
  };
}

function hintOf({ hint }: Readonly<Record<string, unknown>>): { readonly hint?: string } {
  return typeof hint === "string" ? { hint } : {};
}
