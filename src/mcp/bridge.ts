/** `aleph mcp serve`: carries messages between an agent on our standard streams and `/mcp` of the server. */
import { StreamableHTTPClientTransport, StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { LineSplitter } from "../lib/line-splitter.ts";
import { AlephError } from "../protocol/errors.ts";

export interface BridgeOptions {
  /** `http://127.0.0.1:18790/mcp` */
  readonly url: string;
  readonly token: string | undefined;
  readonly input: AsyncIterable<Uint8Array>;
  readonly write: (line: string) => void;
  /** Something for a person: whoever started us shows or keeps it. */
  readonly warn: (text: string) => void;
  readonly fetch: typeof fetch;
}

const MAX_MESSAGE = 8 * 1024 * 1024;
/** For answers that are still to come when the input has ended. */
const LAST_MS = 10_000;

/** Resolves when the input has ended. Throws `not_found` when no server answers, `auth_failed` when it lets us not in. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  await using bridge = new Bridge(options);
  await bridge.run();
}

class Bridge implements AsyncDisposable {
  readonly #o: BridgeOptions;
  #transport: StreamableHTTPClientTransport;
  readonly #pending = new Set<RequestId>();
  /** How the agent began, to begin so again. */
  #initialize: (JSONRPCMessage & { readonly id: RequestId }) | undefined;
  #renewed: Promise<void> | undefined;
  #onAnswered: (() => void) | undefined;

  constructor(options: BridgeOptions) {
    this.#o = options;
    this.#transport = this.#open((message) => this.#answer(message));
  }

  #open(onMessage: (message: JSONRPCMessage) => void): StreamableHTTPClientTransport {
    const { url, token, fetch, warn } = this.#o;
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, fetch });
    transport.onmessage = (message) => {
      const version = versionIn(message, this.#initialize?.id);
      if (version !== undefined) transport.setProtocolVersion(version);
      onMessage(message);
    };
    transport.onerror = (error) => {
      // What is done about it is no news for a person.
      if (!isLost(error)) warn(error.message);
    };
    return transport;
  }

  async run(): Promise<void> {
    const lines: string[] = [];
    const splitter = new LineSplitter({
      maxLine: MAX_MESSAGE,
      onLine: (line) => lines.push(line),
      onTooLong: () => this.#o.warn(`A message of more than ${MAX_MESSAGE} bytes was dropped`),
    });
    await this.#transport.start();
    for await (const chunk of this.#o.input) {
      splitter.push(chunk);
      await this.#takeAll(lines);
    }
    splitter.end();
    await this.#takeAll(lines);
    await this.#answered();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#transport.terminateSession();
    } catch {
      // The server forgets it by itself.
    }
    await this.#transport.close();
  }

  async #takeAll(lines: string[]): Promise<void> {
    for (const line of lines.splice(0)) {
      const message = parse(line);
      if (!message) {
        this.#answer({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "This is no JSON-RPC message" } });
        continue;
      }
      const sent = this.#toServer(message);
      // What follows belongs to the session that this opens; nothing else is waited for, or nothing could be cancelled.
      if ("method" in message && /^(?:initialize|notifications\/initialized)$/.test(message.method)) await sent;
    }
  }

  async #toServer(message: JSONRPCMessage): Promise<void> {
    const id = "method" in message && "id" in message ? message.id : undefined;
    if (id !== undefined) this.#pending.add(id);
    if (id !== undefined && "method" in message && message.method === "initialize") {
      this.#initialize = { ...message, id };
    }
    const transport = this.#transport;
    try {
      await transport.send(message).catch(async (thrown: unknown) => {
        if (!isLost(thrown) || transport.sessionId === undefined) throw thrown;
        await this.#renew(transport);
        await this.#transport.send(message);
      });
    } catch (thrown) {
      const error = explain(thrown, this.#o.url);
      if (id === undefined) this.#o.warn(error.message);
      else this.#answer({ jsonrpc: "2.0", id, error: { code: -32000, message: error.message } });
    }
  }

  /** The server was restarted, or nobody had used the session for long: a new one takes its place, and the agent need not know. */
  #renew(lost: StreamableHTTPClientTransport): Promise<void> {
    if (this.#transport !== lost) return Promise.resolve();
    this.#renewed ??= this.#begin().finally(() => {
      this.#renewed = undefined;
    });
    return this.#renewed;
  }

  async #begin(): Promise<void> {
    const initialize = this.#initialize;
    if (initialize === undefined) return;
    const answered = Promise.withResolvers<void>();
    const transport = this.#open((message) => {
      if ("id" in message && message.id === initialize.id && !("method" in message)) answered.resolve();
      else this.#answer(message);
    });
    await transport.start();
    await transport.send(initialize);
    await answered.promise;
    await transport.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    // The lost one is not closed: what is still on its way there would not hear that the session is gone.
    this.#transport = transport;
  }

  #answer(message: JSONRPCMessage | Readonly<Record<string, unknown>>): void {
    this.#o.write(`${JSON.stringify(message)}\n`);
    if ("id" in message && !("method" in message)) this.#pending.delete(message.id as RequestId);
    if (this.#pending.size === 0) this.#onAnswered?.();
  }

  async #answered(): Promise<void> {
    if (this.#pending.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAnswered = resolve;
    const timer = setTimeout(resolve, LAST_MS);
    await promise;
    clearTimeout(timer);
  }
}

/** MCP 2025-11-25, "Session Management". */
function isLost(thrown: unknown): boolean {
  return thrown instanceof StreamableHTTPError && thrown.code === 404;
}

function versionIn(message: JSONRPCMessage, initialize: RequestId | undefined): string | undefined {
  if (!("result" in message) || message.id !== initialize) return undefined;
  const { protocolVersion } = message.result;
  return typeof protocolVersion === "string" ? protocolVersion : undefined;
}

function explain(thrown: unknown, url: string): AlephError {
  if (thrown instanceof StreamableHTTPError) {
    if (thrown.code === 401 || thrown.code === 403)
      return new AlephError("auth_failed", `${url} did not take the token`);
    return new AlephError("mcp_error", `${url} answers with status ${thrown.code ?? "unknown"}`);
  }
  return new AlephError("not_found", `No server answers at ${url}`, { cause: thrown });
}

function parse(line: string): JSONRPCMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "jsonrpc" in value ? (value as JSONRPCMessage) : undefined;
  } catch {
    // Told to who sent it.
    return undefined;
  }
}
