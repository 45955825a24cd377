/** The tools of the servers, as the toolbox takes them. */
import type { McpServerTable } from "../config/schema.ts";
import type { Media } from "../media/media.ts";
import type { ForeignTool, Tier, ToolContext } from "../sdk/tool.ts";
import { type ToolDefinition, visible, visibleSchema } from "./definitions.ts";
import { toToolResult } from "./result.ts";
import type { McpServer } from "./server.ts";
import type { KeptResult } from "./servers.ts";

export interface ServerTools {
  readonly name: string;
  readonly table: McpServerTable;
  readonly server: Pick<McpServer, "call">;
}

/** Of a description; the rest is cut, and said to be. */
const MAX_DESCRIPTION = 8000;
const MAX_NAME = 64;
const DIGEST = 8;

/** What the model calls the tool of a server. Two of them never have one name. */
export function toolNameOf(server: string, tool: string): string {
  const plain = `mcp__${server}__${tool}`;
  const safe = plain.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  // A server that ends in `_` could be taken for another one with a longer name of a tool.
  const isPlain = safe === plain && safe.length <= MAX_NAME && !server.includes("__") && !/^_|_$/.test(server);
  if (isPlain && !tool.startsWith("_")) return safe;
  const digest = new Bun.CryptoHasher("sha256").update(`${server}\0${tool}`).digest("hex").slice(0, DIGEST);
  return `${safe.slice(0, MAX_NAME - DIGEST - 1)}_${digest}`;
}

/** What the owner's table says. What the server says of itself lowers nothing. */
export function tierOf({ tools = {} }: McpServerTable, tool: string): Tier {
  const { allow = [], ask = [], deny = [] } = tools;
  if (deny.includes(tool) || deny.includes("*")) return "deny";
  if (ask.includes(tool)) return "ask";
  return allow.includes(tool) || allow.includes("*") ? "allow" : "ask";
}

/** Makes the tools of one server; those that are denied are left out. */
export function foreignTools(
  of: ServerTools,
  definitions: readonly ToolDefinition[],
  media: Pick<Media, "put">,
  onResult: (callId: string, result: KeptResult) => void,
): readonly ForeignTool[] {
  return definitions
    .filter(({ name }) => tierOf(of.table, name) !== "deny")
    .map((definition) => foreignTool(of, definition, media, onResult));
}

/** For the model and for people. */
export function describeTool({ description, title, name }: ToolDefinition): string {
  const text = visible(description ?? title ?? name);
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION)}… (cut)` : text;
}

function foreignTool(
  { name: server, table, server: opened }: ServerTools,
  definition: ToolDefinition,
  media: Pick<Media, "put">,
  onResult: (callId: string, result: KeptResult) => void,
): ForeignTool {
  const { name: tool, inputSchema } = definition;
  const tier = tierOf(table, tool);
  return {
    name: toolNameOf(server, tool),
    description: describeTool(definition),
    parameters: visibleSchema(inputSchema),
    // Nobody knows whether it changes something: its own word for it is only a hint.
    parallel: false,
    prepare: (args, { signal, progress, callId, sessionKey }: ToolContext) => ({
      tier,
      reason:
        tier === "ask"
          ? `Tool of the MCP server "${server}", which may do anything that the server can`
          : `The owner lets this tool of the MCP server "${server}" run without a question`,
      plan: { server, tool, arguments: args },
      outward: true,
      untrusted: true,
      async run() {
        const result = await opened.call({ tool, args, signal, onProgress: progress });
        const made = await toToolResult(result, { media, sessionKey });
        onResult(callId, { raw: result, text: made.text });
        return made;
      },
    }),
  };
}
