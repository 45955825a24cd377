/** `/mcp`: our tools for other agents. */
import type { McpEndpoint } from "../../mcp/endpoint.ts";
import { defineRoute } from "../../sdk/route.ts";

export const mcpRoute = defineRoute<{ readonly mcp: () => Promise<Pick<McpEndpoint, "handle">> }>({
  auth: "token",
  scope: "read",
  async handle({ mcp }, { request, grant, credential, keepAlive }) {
    // A call may wait for a person.
    keepAlive();
    return (await mcp()).handle({ request, grant: grant!, credential });
  },
});
