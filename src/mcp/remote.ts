/** MCP over streamable HTTP: the SDK's transport, with every request of it through the network door. */

import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { AlephError } from "../protocol/errors.ts";
import type { NetworkDoor, OutboundRequest } from "../sdk/runtime.ts";
import type { SavedLogin } from "./oauth.ts";

export interface RemoteOptions {
  readonly server: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly door: NetworkDoor;
  /** Left out while nobody has logged in. */
  readonly login?: SavedLogin;
}

/** Bytes of one answer, or of one line of a stream. */
const MAX_MESSAGE = 4 * 1024 * 1024;
const LINE_FEED = 10;
/** The specification asks for 404 (2025-11-25, "Session Management"); servers made after the SDK's examples say 400. */
const LOST: ReadonlySet<number | undefined> = new Set([404, 400]);

export interface Remote {
  readonly transport: StreamableHTTPClientTransport;
  /** Why we ended it, if so. */
  readonly reason: () => string | undefined;
}

export function openRemote({ server, url, headers, door, login }: RemoteOptions): Remote {
  let reason: string | undefined;
  const fetch = fetchThrough(door, server, () => {
    reason ??= "it sends too much at once";
    // Whoever waits for an answer on that stream would wait until the time is over.
    void transport.close();
  });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: login?.renewingOnce(fetch) ?? fetch,
    requestInit: { headers: { ...headers } },
    ...(login ? { authProvider: login } : {}),
  });
  return { transport, reason: () => reason };
}

/** `fetch` as the SDK calls it. Throws `forbidden` for what the table of the server does not open. */
export function fetchThrough(door: NetworkDoor, server: string, onTooMuch?: () => void): FetchLike {
  return async (url, init = {}) => {
    const request: OutboundRequest = {
      url: String(url),
      method: init.method ?? "GET",
      headers: [...new Headers(init.headers)],
      ...(typeof init.body === "string" ? { body: new TextEncoder().encode(init.body) } : formOf(init.body)),
      redirect: init.redirect ?? "follow",
    };
    const signal = init.signal ?? new AbortController().signal;
    try {
      return limited(await door.fetch(request, signal), server, onTooMuch);
    } catch (thrown) {
      throw explainDenial(thrown, server);
    }
  };
}

/** What means that somebody has to log in first, or that the session is not there any more. */
export function explainRemote(server: string, hasSession: () => boolean): (thrown: unknown) => AlephError | undefined {
  return (thrown) => {
    if (thrown instanceof UnauthorizedError || (thrown instanceof StreamableHTTPError && thrown.code === 401)) {
      return new AlephError("unauthenticated", `MCP server "${server}" asks for a login`, {
        cause: thrown,
        data: {
          server,
          hint: `Log in with: aleph mcp login ${server}; or give it a token in [mcp.servers.${server}.headers]`,
        },
      });
    }
    if (!(thrown instanceof StreamableHTTPError)) return undefined;
    if (hasSession() && LOST.has(thrown.code)) {
      return new AlephError("mcp_error", `MCP server "${server}" does not know its session any more`, {
        cause: thrown,
        data: { server, code: "session_lost" },
      });
    }
    const status = thrown.code === undefined ? "" : ` with status ${thrown.code}`;
    return new AlephError("mcp_error", `MCP server "${server}" answers${status}, not with MCP`, {
      cause: thrown,
      data: { server, code: "protocol", hint: "Check its url in config.toml" },
    });
  };
}

function formOf(body: RequestInit["body"]): { readonly body?: Uint8Array } {
  return body instanceof URLSearchParams ? { body: new TextEncoder().encode(body.toString()) } : {};
}

function explainDenial(thrown: unknown, server: string): unknown {
  if (!(thrown instanceof AlephError) || thrown.data.kind !== "network") return thrown;
  const target = String(thrown.data.target);
  return new AlephError("forbidden", `MCP server "${server}" leads to ${target}, which it may not`, {
    cause: thrown,
    data: { server, target, hint: `If that is right: network = ["connect:${target}"] in [mcp.servers.${server}]` },
  });
}

/** A stream may go on for ever, one message may not. */
function limited(response: Response, server: string, onTooMuch?: () => void): Response {
  const { body, status, statusText, headers } = response;
  if (!body) return response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  let size = 0;
  const counted = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const end = isStream ? chunk.lastIndexOf(LINE_FEED) : -1;
        size = end < 0 ? size + chunk.length : chunk.length - end;
        if (size <= MAX_MESSAGE) {
          controller.enqueue(chunk);
          return;
        }
        controller.error(new AlephError("payload_too_large", `MCP server "${server}" sends too much at once`));
        onTooMuch?.();
      },
    }),
  );
  const own = new Response(counted, { status, statusText, headers });
  Object.defineProperties(own, { url: { value: response.url }, redirected: { value: response.redirected } });
  return own;
}
