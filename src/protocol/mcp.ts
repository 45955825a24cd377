/** MCP servers on the wire. */
import * as z from "zod";
import { MCP_STATUSES } from "./mcp-state.ts";

const tool = z.object({
  /** As the server calls it. */
  name: z.string(),
  /** With what cannot be seen as escapes. */
  description: z.string(),
  /** What the model calls it. */
  tool: z.string(),
  tier: z.enum(["allow", "ask", "deny"]),
});

const change = z.object({
  tool: z.string(),
  change: z.enum(["added", "removed", "changed"]),
  before: z.string().optional(),
  after: z.string().optional(),
});

export const mcpServer = z.object({
  name: z.string(),
  status: z.enum(MCP_STATUSES),
  transport: z.enum(["stdio", "http"]),
  /** Whether config.toml has it; otherwise mcp.start made it, until it is stopped. */
  configured: z.boolean(),
  /** As the server calls itself; null while nobody has asked. */
  about: z.object({ name: z.string(), version: z.string() }).nullable(),
  pid: z.number().nullable(),
  /** How its process is confined; null while there is none. */
  sandbox: z.enum(["kernel", "namespace", "none"]).nullable(),
  /** Whether there is a login at it, which mcp.logout forgets. */
  logged_in: z.boolean(),
  error: z.object({ reason: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
  /** Those that are offered. */
  tools: z.array(tool),
  /** Of the tools that were seen first or approved. */
  sha256: z.string().nullable(),
  approved_by: z.string().nullable(),
  /** What it says of its tools now, while it is held. */
  pending: z.object({ sha256: z.string(), seen_at: z.number(), changes: z.array(change) }).nullable(),
});
