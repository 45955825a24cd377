import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { defineMethod } from "../../sdk/method.ts";

const anything = z.record(z.string(), z.unknown());

export const mcpResources = defineMethod({
  name: "mcp.resources",
  summary: "List the resources of an MCP server, or read one",
  scope: "read",
  params: z.strictObject({
    server: z.string(),
    /** Read this one. */
    uri: z.string().optional(),
  }),
  /** As the server gave it: what a stranger says. */
  result: z.object({
    resources: z.array(anything).optional(),
    templates: z.array(anything).optional(),
    contents: z.array(anything).optional(),
  }),
  async handle({ mcp }: { mcp: () => Promise<Pick<McpServers, "use">> }, { server, uri }, { signal }) {
    return (await mcp()).use(server, signal, async (session) => {
      if (uri !== undefined) return { contents: (await session.readResource(uri, signal)).contents };
      const { resources, templates } = await session.resources(signal);
      return { resources: [...resources], templates: [...templates] };
    });
  },
});
