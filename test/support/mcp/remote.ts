/** An MCP server over HTTP with an authorization server of its own, as the MCP authorization specification has them. */

export interface RemoteOptions {
  /** Asks for a token, which its own authorization server gives. */
  readonly login?: boolean;
  /** Answers a call with bytes that never end. */
  readonly flood?: boolean;
  /** Gives each client a session, and answers with this status to who names one that it does not know. */
  readonly sessions?: 400 | 404;
}

export interface RemoteMcp extends AsyncDisposable {
  readonly url: string;
  /** Those that were given, the newest last. */
  readonly tokens: readonly string[];
  /** The newest token is worth nothing from now on. */
  expire(): void;
  /** As after a restart: it knows none of its sessions any more. */
  forget(): void;
  /** How many sessions it gave, and which tools were called. */
  readonly seen: { sessions: number; calls: string[] };
}

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string; readonly arguments?: { readonly message?: string } };
}

export function startRemoteMcp({ login = false, flood = false, sessions }: RemoteOptions = {}): RemoteMcp {
  const tokens: string[] = [];
  const challenges = new Map<string, string>();
  const known = new Set<string>();
  const seen: RemoteMcp["seen"] = { sessions: 0, calls: [] };
  let valid: string | undefined;
  let refresh = "";
  const give = () => {
    valid = `token-${crypto.randomUUID()}`;
    tokens.push(valid);
    // As OAuth 2.1 asks of servers with public clients: each is good for one use.
    refresh = `refresh-${crypto.randomUUID()}`;
    return Response.json({ access_token: valid, token_type: "Bearer", refresh_token: refresh, expires_in: 3600 });
  };

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    async fetch(request): Promise<Response> {
      const url = new URL(request.url);
      const { origin } = url;
      switch (url.pathname) {
        case "/.well-known/oauth-protected-resource/mcp":
          return Response.json({ resource: `${origin}/mcp`, authorization_servers: [origin] });
        case "/.well-known/oauth-authorization-server":
          return Response.json({
            issuer: origin,
            authorization_endpoint: `${origin}/authorize`,
            token_endpoint: `${origin}/token`,
            registration_endpoint: `${origin}/register`,
            response_types_supported: ["code"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: ["none"],
          });
        case "/register":
          return Response.json({ ...((await request.json()) as object), client_id: "client" }, { status: 201 });
        case "/authorize": {
          const code = crypto.randomUUID();
          challenges.set(code, url.searchParams.get("code_challenge") ?? "");
          const back = new URL(url.searchParams.get("redirect_uri") ?? "");
          back.searchParams.set("code", code);
          back.searchParams.set("state", url.searchParams.get("state") ?? "");
          return Response.redirect(back.href, 302);
        }
        case "/token": {
          const form = new URLSearchParams(await request.text());
          if (form.get("grant_type") === "refresh_token") {
            const isNewest = form.get("refresh_token") === refresh;
            return isNewest ? give() : Response.json({ error: "invalid_grant" }, { status: 400 });
          }
          const verifier = new Bun.CryptoHasher("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
          const isRight = challenges.get(form.get("code") ?? "") === verifier;
          return isRight ? give() : Response.json({ error: "invalid_grant" }, { status: 400 });
        }
        case "/mcp":
          return answer(request, origin);
        default:
          return new Response("Nothing here", { status: 404 });
      }
    },
  });

  function begin(): string {
    const session = crypto.randomUUID();
    known.add(session);
    seen.sessions++;
    return session;
  }

  async function answer(request: Request, origin: string): Promise<Response> {
    if (login && (valid === undefined || request.headers.get("authorization") !== `Bearer ${valid}`)) {
      const where = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
      return new Response("Log in", { status: 401, headers: { "www-authenticate": where } });
    }
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { id, method, params } = (await request.json()) as Message;
    if (sessions !== undefined && method !== "initialize" && !known.has(request.headers.get("mcp-session-id") ?? "")) {
      const error = { code: -32000, message: "Bad Request: No valid session ID provided" };
      return Response.json({ jsonrpc: "2.0", id: null, error }, { status: sessions });
    }
    if (method === "tools/call") seen.calls.push(params?.arguments?.message ?? "");
    if (id === undefined) return new Response(null, { status: 202 });
    const reply = (result: object, headers: Record<string, string> = {}) =>
      Response.json({ jsonrpc: "2.0", id, result }, { headers });
    switch (method) {
      case "initialize":
        return reply(
          {
            protocolVersion: params?.protocolVersion,
            serverInfo: { name: "remote", version: "1" },
            capabilities: { tools: {} },
          },
          sessions === undefined ? {} : { "mcp-session-id": begin() },
        );
      case "tools/list":
        return reply({ tools: [{ name: "echo", description: "Echo", inputSchema: { type: "object" } }] });
      case "tools/call":
        return flood ? endless() : reply({ content: [{ type: "text", text: params?.arguments?.message ?? "" }] });
      default:
        return reply({});
    }
  }

  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    tokens,
    expire() {
      valid = "another";
    },
    forget: () => known.clear(),
    seen,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function endless(): Response {
  const chunk = new Uint8Array(64 * 1024).fill(0x61);
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}
