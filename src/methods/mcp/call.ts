import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import { createId } from "../../lib/id.ts";
import type { McpServers } from "../../mcp/servers.ts";
import { AlephError } from "../../protocol/errors.ts";
import { agentOf, canonicalSessionKey, MAIN_SESSION_KEY, parseSessionKey } from "../../protocol/session-key.ts";
import { defineMethod } from "../../sdk/method.ts";
import type { Sessions } from "../../session/sessions.ts";

export const mcpCall = defineMethod({
  name: "mcp.call",
  summary: "Call a tool of an MCP server, through the same gate as in a run",
  scope: "write",
  params: z.strictObject({
    server: z.string(),
    tool: z.string(),
    arguments: z.record(z.string(), z.unknown()).default({}),
    session_key: z.string().default(MAIN_SESSION_KEY),
  }),
  /** MCP's own. */
  result: z.looseObject({
    content: z.array(z.record(z.string(), z.unknown())),
    isError: z.boolean().optional(),
  }),
  async handle(
    {
      mcp,
      toolbox,
      sessions,
    }: {
      mcp: () => Promise<Pick<McpServers, "toolName" | "keep">>;
      toolbox: Pick<Toolbox, "call">;
      sessions: Pick<Sessions, "find">;
    },
    { server, tool, arguments: args, session_key },
    call,
  ) {
    const servers = await mcp();
    const sessionKey = canonicalSessionKey(session_key);
    const callId = createId("call");
    const name = await servers.toolName(server, tool, call.signal);
    using kept = servers.keep(callId);
    const outcome = await toolbox.call(
      { tool: name, args, callId },
      {
        agent: agentOf(parseSessionKey(sessionKey)),
        sessionKey,
        runId: null,
        grant: call.grant!,
        signal: call.signal,
        sessionTools: sessions.find(sessionKey)?.tools ?? null,
      },
    );
    if (outcome.status === "denied") throw new AlephError("approval_denied", outcome.text);
    const { result } = kept;
    if (result && outcome.text === result.text) return result.raw;
    // It did not come so far, or hooks changed what it said.
    return { content: [{ type: "text", text: outcome.text }], ...(outcome.status === "ok" ? {} : { isError: true }) };
  },
});
