/** `/a2a`: JSON-RPC for other agents in both versions of the protocol, streams as server-sent events, and the agent card. */
import { A2A_VERSION_HEADER, type AgentCard, formatSSEErrorEvent, formatSSEEvent, SSE_HEADERS } from "@a2a-js/sdk";
import { isV1JsonRpcMethod } from "@a2a-js/sdk/compat/v0_3";
import { LegacyJsonRpcTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import {
  A2AError,
  ContentTypeNotSupportedError,
  JsonRpcTransportError,
  VersionNotSupportedError,
} from "@a2a-js/sdk/errors";
import { type A2ARequestHandler, JsonRpcTransportHandler, ServerCallContext } from "@a2a-js/sdk/server";
import type { A2aTable } from "../config/schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import { maskText } from "../lib/mask.ts";
import { AlephError, ERRORS } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import { cardJson, cardOf } from "./card.ts";
import { type HandlerOptions, TaskHandler } from "./handler.ts";
import type { Webhooks } from "./push.ts";

export interface EndpointOptions extends HandlerOptions {
  readonly webhooks: Webhooks;
  readonly table: () => A2aTable;
  /** Whether a token is asked for. */
  readonly isGuarded: () => boolean;
  /** Bytes of one request. */
  readonly maxBody: () => number;
  readonly log: Log;
}

export interface EndpointRequest {
  readonly request: Request;
  readonly grant: Grant;
  readonly credential: string | undefined;
}

type Reply = { readonly id: string | number | null; readonly [key: string]: unknown };
type Answer = Reply | AsyncGenerator<Reply, void, undefined>;

const PING_MS = 15_000;
const PING = ": ping\n\n";
const PATH = "/a2a";
/** So long a change of the card may stay unseen. */
const CARD_SECONDS = 60;
const INTERNAL = -32603;
const INTERNAL_MESSAGE = "Internal error";

export class A2aEndpoint implements AsyncDisposable {
  readonly #o: EndpointOptions;

  constructor(options: EndpointOptions) {
    this.#o = options;
  }

  /** As A2A 1.0 §8.6.1 wants it: to be kept for a while, and asked for again by its ETag. */
  card(request: Request): Response {
    const card = JSON.stringify(cardJson(this.#card(request), versionOf(request.headers)));
    const etag = `"${new Bun.CryptoHasher("sha256").update(card).digest("base64url").slice(0, 22)}"`;
    const headers = { "cache-control": `public, max-age=${CARD_SECONDS}`, etag, vary: `host, ${A2A_VERSION_HEADER}` };
    const known = request.headers.get("if-none-match")?.split(",") ?? [];
    if (known.some((each) => each.trim().replace(/^W\//, "") === etag))
      return new Response(null, { status: 304, headers });
    return new Response(card, { headers: { ...headers, "content-type": "application/json" } });
  }

  /** Throws `forbidden` for guests, whose sessions leave nothing to come back to, and for nodes. */
  async handle({ request, grant, credential }: EndpointRequest): Promise<Response> {
    const card = this.#card(request);
    if (grant.role !== "operator") throw new AlephError("forbidden", "Guests and nodes have no tasks here");
    const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
    if (type !== "application/json") {
      const refused = new ContentTypeNotSupportedError("Requests are application/json");
      return refuse(null, JsonRpcTransportHandler.mapToJSONRPCError(refused));
    }
    const text = await request.text();
    if (text.length > this.#o.maxBody()) throw new AlephError("payload_too_large", "The request is too large");
    let body: Record<string, unknown>;
    try {
      body = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return refuse(null, { code: -32700, message: "This is not JSON" });
    }
    const caller = { grant, credential, card, agent: this.#o.table().agent, signal: request.signal };
    return this.#answer(body, request.headers, guarded(new TaskHandler(this.#o, caller), this.#o.log));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#o.webhooks[Symbol.asyncDispose]();
  }

  async #answer(body: Record<string, unknown>, headers: Headers, tasks: A2ARequestHandler): Promise<Response> {
    const version = versionOf(headers) ?? (isV1JsonRpcMethod(body?.method) ? "1.0" : "0.3");
    const id = idOf(body);
    if (!isRequest(body)) return refuse(id, { code: -32600, message: "This is not a request of JSON-RPC 2.0" });
    if (version !== "1.0" && version !== "0.3") {
      const refused = new VersionNotSupportedError(
        `Version "${version.slice(0, 20)}" is not spoken here; 1.0 and 0.3 are`,
      );
      return refuse(id, JsonRpcTransportHandler.mapToJSONRPCError(refused));
    }
    const context = new ServerCallContext({ requestedVersion: version });
    const Transport = version === "1.0" ? JsonRpcTransportHandler : LegacyJsonRpcTransportHandler;
    const toError =
      version === "1.0"
        ? JsonRpcTransportHandler.mapToJSONRPCError
        : LegacyJsonRpcTransportHandler.mapToLegacyJSONRPCError;
    const answer = (await new Transport(tasks).handle(body, context)) as Answer;
    if (!(Symbol.asyncIterator in answer)) return Response.json(explained(answer));
    const fail = (thrown: unknown) => formatSSEErrorEvent({ jsonrpc: "2.0", id, error: toError(thrown) });
    let first: IteratorResult<Reply, void>;
    try {
      first = await answer.next();
    } catch (thrown) {
      // What cannot begin is an answer, not a stream. Of 0.3 (§6.12) it is a stream all the same: clients wait for nothing else.
      const isStream = version === "0.3" && headers.get("accept")?.includes("text/event-stream");
      return isStream
        ? new Response(formatSSEEvent({ jsonrpc: "2.0", id, error: toError(thrown) }), { headers: SSE_HEADERS })
        : refuse(id, toError(thrown));
    }
    return streamed(first, answer, fail);
  }

  #card(request: Request): AgentCard {
    const { name, description, url } = this.#o.table();
    const base = url === "" ? new URL(request.url).origin : url.replace(/\/+$/, "");
    return cardOf({ name, description, url: `${base}${PATH}`, isGuarded: this.#o.isGuarded() });
  }
}

/** Major and minor, as the header has them. */
function versionOf(headers: Headers): string | undefined {
  const asked = headers.get(A2A_VERSION_HEADER)?.trim();
  return asked === undefined || asked === "" ? undefined : asked.split(".").slice(0, 2).join(".");
}

/** As the SDK answers: an error of the protocol has status 200. */
function refuse(id: string | number | null, error: { readonly code: number; readonly message: string }): Response {
  return Response.json({ jsonrpc: "2.0", id, error });
}

function idOf(body: unknown): string | number | null {
  const id = typeof body === "object" && body !== null && "id" in body ? body.id : null;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** JSON-RPC 2.0 §4; ids with a fraction are refused as well, as the SDK does. */
function isRequest(body: unknown): boolean {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return false;
  const { jsonrpc, method, id = null } = body as Record<string, unknown>;
  const isNamed = id === null || typeof id === "string" || Number.isInteger(id);
  return jsonrpc === "2.0" && typeof method === "string" && method !== "" && isNamed;
}

/** Our own errors are translated before the SDK sees them: what else it calls internal is a request that it could not read. */
function explained(answer: Reply): Reply {
  const error = answer.error as { readonly code: number; readonly message: string } | undefined;
  if (error?.code !== INTERNAL || error.message === INTERNAL_MESSAGE) return answer;
  return { ...answer, error: { code: -32602, message: "The params are not those of the method" } };
}

/** The error as the protocol has it, with our reason; what is nobody's is logged and told to nobody. */
function translate(thrown: unknown, log: Log): A2AError {
  if (thrown instanceof A2AError) return thrown;
  const error = AlephError.from(thrown);
  const { reason } = error;
  if (reason === "internal") log.error("a request of another agent failed", describeError(thrown));
  const isTheirs = ERRORS[reason].http === 400 || reason === "payload_too_large";
  const code = reason === "internal" ? INTERNAL : isTheirs ? -32602 : -32000;
  const message = reason === "internal" ? INTERNAL_MESSAGE : maskText(error.message);
  const { retry_after_ms } = error.data;
  const data = { reason, ...(typeof retry_after_ms === "number" ? { retry_after_ms } : {}) };
  return new JsonRpcTransportError({ jsonrpc: "2.0", id: null, error: { code, message, data } });
}

function guarded(handler: TaskHandler, log: Log): A2ARequestHandler {
  return new Proxy<TaskHandler>(handler, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(method, target, given);
        const refused = (thrown: unknown) => Promise.reject(translate(thrown, log));
        return result instanceof Promise ? result.catch(refused) : stream(result as AsyncGenerator<unknown>, refused);
      };
    },
  });
}

async function* stream(source: AsyncGenerator<unknown>, refused: (thrown: unknown) => Promise<never>) {
  try {
    yield* source;
  } catch (thrown) {
    await refused(thrown);
  }
}

/** Pings while it is silent, so that nobody in between takes it for dead. */
function streamed(first: IteratorResult<Reply, void>, rest: AsyncGenerator<Reply>, fail: (thrown: unknown) => string) {
  const encoder = new TextEncoder();
  let timer: Timer | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(encoder.encode(PING)), PING_MS);
      if (!first.done) controller.enqueue(encoder.encode(formatSSEEvent(first.value)));
    },
    async pull(controller) {
      try {
        const next = await rest.next();
        if (!next.done) return controller.enqueue(encoder.encode(formatSSEEvent(next.value)));
      } catch (thrown) {
        controller.enqueue(encoder.encode(fail(thrown)));
      }
      clearInterval(timer);
      controller.close();
    },
    async cancel() {
      clearInterval(timer);
      await rest.return(undefined);
    },
  });
  return new Response(body, { headers: SSE_HEADERS });
}
