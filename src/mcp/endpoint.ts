/** `/mcp`: streamable HTTP with sessions (MCP 2025-11-25). A session belongs to the credential that opened it. */
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { Grant } from "../protocol/identity.ts";
import { buildSessionKey, canonicalSessionKey } from "../protocol/session-key.ts";
import { type OfferOptions, offerTools, type RequestRights } from "./offer.ts";

export interface EndpointOptions extends Omit<OfferOptions, "sessionKey"> {
  /** Bytes of one message. */
  readonly maxBody: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface EndpointRequest {
  readonly request: Request;
  readonly grant: Grant;
  /** Names the token behind it. */
  readonly credential: string | undefined;
}

interface OpenSession {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly credential: string | undefined;
  readonly close: () => Promise<void>;
  usedAt: number;
}

const MAX_SESSIONS = 64;
const IDLE_MS = 3_600_000;

export class McpEndpoint implements AsyncDisposable {
  readonly #o: EndpointOptions;
  readonly #sessions = new Map<string, OpenSession>();

  constructor(options: EndpointOptions) {
    this.#o = options;
  }

  /** Throws `invalid_params` for a session key that is none. */
  async handle({ request, grant, credential }: EndpointRequest): Promise<Response> {
    const rights: RequestRights = { grant };
    const authInfo = { token: "", clientId: grant.identity.id, scopes: [...grant.scopes], extra: { ...rights } };
    const id = request.headers.get("mcp-session-id");
    if (id !== null) {
      const session = this.#sessions.get(id);
      // To others it is not there.
      if (session?.credential !== credential || !session) return notThere();
      session.usedAt = this.#o.now();
      return session.transport.handleRequest(request, { authInfo });
    }
    const session = await this.#open(request.headers.get("x-aleph-session-key"), credential);
    const response = await session.transport.handleRequest(request, { authInfo });
    // It did not begin with `initialize`.
    if (session.transport.sessionId === undefined) await session.close();
    return response;
  }

  /** Ends what was opened with a credential that is worth nothing any more: its streams, and calls that wait for a person. */
  revoked(credential: string): void {
    for (const session of this.#sessions.values()) if (session.credential === credential) void session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ close }) => close()));
  }

  async #open(key: string | null, credential: string | undefined): Promise<OpenSession> {
    this.#prune();
    const id = crypto.randomUUID();
    const sessionKey = key === null ? ownKey(id) : canonicalSessionKey(key);
    const { maxBody, now, ...offer } = this.#o;
    const server = offerTools({ ...offer, sessionKey });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      onsessioninitialized: () => {
        this.#sessions.set(id, session);
      },
      onsessionclosed: () => {
        this.#sessions.delete(id);
      },
      maxRequestBodySize: maxBody(),
    });
    const session: OpenSession = {
      transport,
      credential,
      close: async () => {
        this.#sessions.delete(id);
        await server.close();
      },
      usedAt: now(),
    };
    // The SDK's types of its own classes do not agree about what may be undefined.
    await server.connect(transport as Transport);
    return session;
  }

  /** Makes room: those that nobody uses any more go, and the longest unused one when there are too many. */
  #prune(): void {
    const byAge = [...this.#sessions.values()].sort((a, b) => a.usedAt - b.usedAt);
    byAge.forEach((session, index) => {
      const isOld = this.#o.now() - session.usedAt > IDLE_MS;
      const isTooMany = index <= byAge.length - MAX_SESSIONS;
      if (isOld || isTooMany) void session.close();
    });
  }
}

/** A conversation of its own for each client. */
function ownKey(id: string): string {
  return buildSessionKey({ form: "chat", agent: "main", id: `mcp-${id.slice(0, 13)}` });
}

/** The client begins a new session then (MCP 2025-11-25, "Session Management"). */
function notThere(): Response {
  const error = { code: -32001, message: "There is no such session" };
  return Response.json({ jsonrpc: "2.0", id: null, error }, { status: 404 });
}
