/** What an MCP server can be. */

/**
 * `idle`: starts at its first use. `waiting`: it failed, the next attempt comes after a pause. `held`: its tools are not those
 * that were seen first or approved. `stopped`: by mcp.stop. `failed`: too often, mcp.start tries again.
 */
export const MCP_STATUSES = [
  "idle",
  "starting",
  "running",
  "waiting",
  "held",
  "login_required",
  "stopped",
  "failed",
  "disabled",
] as const;
export type McpStatus = (typeof MCP_STATUSES)[number];
