/** Our tools for another agent, as an MCP server: each call passes the same gate as in a run, and may wait there for a person. */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type Tool,
} from "@modelcontextprotocol/sdk/types.js";
import { createId } from "../lib/id.ts";
import { VERSION } from "../lib/version.ts";
import type { Media } from "../media/media.ts";
import type { Grant } from "../protocol/identity.ts";
import type { MediaPart, ToolResultPart } from "../protocol/message.ts";
import { agentOf, parseSessionKey } from "../protocol/session-key.ts";
import { offerPrompts, type SkillOffer } from "./prompts.ts";

/** The tools of an agent and the way to call them; the toolbox is one. */
export interface ToolDesk {
  specs(
    agent: string,
    sessionTools: null,
  ): Promise<
    readonly {
      readonly name: string;
      readonly description: string;
      readonly parallel: boolean;
      readonly parameters: Readonly<Record<string, unknown>>;
    }[]
  >;
  call(
    wanted: { readonly tool: string; readonly args: unknown; readonly callId: string },
    scope: {
      readonly agent: string;
      readonly sessionKey: string;
      readonly runId: null;
      readonly grant: Grant;
      readonly signal: AbortSignal;
      readonly tainted: boolean;
      readonly sessionTools: null;
      readonly progress: (text: string) => void;
    },
  ): Promise<{
    readonly status: ToolResultPart["status"];
    readonly text: string;
    readonly media?: readonly MediaPart[];
  }>;
}

export interface OfferOptions {
  readonly desk: ToolDesk;
  readonly media: Pick<Media, "get">;
  readonly sessionKey: string;
  /** Offered as prompts. */
  readonly skills?: SkillOffer;
}

/** What comes with each request, as the transport hands it on. */
export interface RequestRights {
  readonly grant: Grant;
}

/** Whoever waits hears this often that the call is under way. */
const SIGN_MS = 10_000;
/** Characters of one sign of progress. */
const MAX_PROGRESS = 1000;

export function offerTools({ desk, media, sessionKey, skills }: OfferOptions): Server {
  const agent = agentOf(parseSessionKey(sessionKey));
  const server = new Server(
    { name: "aleph", version: VERSION },
    { capabilities: { tools: {}, ...(skills ? { prompts: {} } : {}) } },
  );
  if (skills) offerPrompts(server, { skills, agent, assertMay: (authInfo) => grantOf(authInfo, "read") });
  server.setRequestHandler(ListToolsRequestSchema, async (_request, { authInfo }) => {
    grantOf(authInfo, "read");
    return { tools: (await desk.specs(agent, null)).map(describe) };
  });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { authInfo, signal, _meta, sendNotification }) => {
    const grant = grantOf(authInfo, "write");
    const progressToken = _meta?.progressToken;
    let signs = 0;
    const tell = (message: string) => {
      if (progressToken === undefined) return;
      const sign = { progressToken, progress: ++signs, message: message.slice(0, MAX_PROGRESS) };
      // Whoever has gone misses nothing but this.
      sendNotification({ method: "notifications/progress", params: sign }).catch(() => {});
    };
    const timer = setInterval(() => tell("The call is under way"), SIGN_MS);
    try {
      const {
        status,
        text,
        media: parts,
      } = await desk.call(
        { tool: params.name, args: params.arguments ?? {}, callId: createId("call") },
        {
          agent,
          sessionKey,
          runId: null,
          grant,
          signal,
          // What another agent has read nobody here knows.
          tainted: true,
          sessionTools: null,
          progress: tell,
        },
      );
      const attached = await Promise.all((parts ?? []).map((part) => attach(part, media)));
      const isBare = text === "" && attached.length > 0;
      const content: CallToolResult["content"] = [...(isBare ? [] : [{ type: "text" as const, text }]), ...attached];
      return { content, isError: status !== "ok" };
    } finally {
      clearInterval(timer);
    }
  });
  return server;
}

type Spec = Awaited<ReturnType<ToolDesk["specs"]>>[number];

/** `parallel` is what is known of a tool that only reads; of all others the worst is said, as the specification has it. */
function describe({ name, description, parallel, parameters }: Spec): Tool {
  return {
    name,
    description,
    inputSchema: { ...parameters, type: "object" },
    annotations: { readOnlyHint: parallel, destructiveHint: !parallel, idempotentHint: parallel, openWorldHint: true },
  };
}

function grantOf(authInfo: { readonly extra?: Record<string, unknown> } | undefined, scope: "read" | "write"): Grant {
  const { grant } = (authInfo?.extra ?? {}) as Partial<RequestRights>;
  if (grant?.scopes.includes(scope)) return grant;
  throw new McpError(ErrorCode.InvalidRequest, `This needs the scope "${scope}"`);
}

async function attach(part: MediaPart, media: Pick<Media, "get">): Promise<CallToolResult["content"][number]> {
  const { bytes, mime } = await media.get(part.media_id);
  const uri = `aleph://media/${part.media_id}`;
  if (mime.startsWith("text/")) {
    return { type: "resource", resource: { uri, mimeType: mime, text: new TextDecoder().decode(bytes) } };
  }
  const data = bytes.toBase64();
  if (mime.startsWith("image/")) return { type: "image", data, mimeType: mime };
  if (mime.startsWith("audio/")) return { type: "audio", data, mimeType: mime };
  return { type: "resource", resource: { uri, mimeType: mime, blob: data } };
}
