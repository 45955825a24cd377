import * as z from "zod";
import type { McpServers } from "../../mcp/servers.ts";
import { defineMethod } from "../../sdk/method.ts";

const anything = z.record(z.string(), z.unknown());

export const mcpPrompts = defineMethod({
  name: "mcp.prompts",
  summary: "List the prompts of an MCP server, or get one filled in",
  scope: "read",
  params: z.strictObject({
    server: z.string(),
    /** Get this one. */
    name: z.string().optional(),
    arguments: z.record(z.string(), z.string()).default({}),
  }),
  /** As the server gave it: what a stranger says. */
  result: z.object({
    prompts: z.array(anything).optional(),
    description: z.string().optional(),
    messages: z.array(anything).optional(),
  }),
  async handle(
    { mcp }: { mcp: () => Promise<Pick<McpServers, "use">> },
    { server, name, arguments: args },
    { signal },
  ) {
    return (await mcp()).use(server, signal, async (session) => {
      if (name === undefined) return { prompts: [...(await session.prompts(signal))] };
      const { description, messages } = await session.prompt(name, args, signal);
      return { ...(description === undefined ? {} : { description }), messages };
    });
  },
});
