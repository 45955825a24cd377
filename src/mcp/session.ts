/** One open connection to a server: the SDK's client with limits, and errors in our words. Loaded with the first server that is used. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  type CallToolResult,
  CallToolResultSchema,
  ErrorCode,
  GetPromptResultSchema,
  ListPromptsResultSchema,
  ListResourcesResultSchema,
  ListResourceTemplatesResultSchema,
  ListToolsResultSchema,
  McpError,
  ReadResourceResultSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { JsonSchemaValidator, jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation";
import { printableLine } from "../lib/terminal-text.ts";
import { createTokenBucket } from "../lib/token-bucket.ts";
import { VERSION } from "../lib/version.ts";
import { AlephError } from "../protocol/errors.ts";
import { readDefinitions, type ToolDefinition } from "./definitions.ts";

export interface SessionOptions {
  readonly server: string;
  readonly transport: Transport;
  /** Why it ended, once it has. */
  readonly reason: () => string | undefined;
  /** What the transport throws, in our words; nothing for what it does not know. */
  readonly explain?: (thrown: unknown) => AlephError | undefined;
  /** Of one call, renewed by each sign of progress. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface ToolCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** From the start to the answer to `initialize`; a program may have to be fetched first. */
const START_MS = 60_000;
const LIST_MS = 30_000;
const PING_MS = 5_000;
/** However often it shows progress. */
const LONGEST_CALL_MS = 3_600_000;
const MAX_PAGES = 50;
/** Signs of progress a second that are shown. */
const PROGRESS_RATE = 10;
/** Bytes of one result. */
const MAX_RESULT = 1024 * 1024;

/** Its schemas are a stranger's, and the SDK would compile their patterns for the engine that can be made to hang. */
const unchecked: jsonSchemaValidator = {
  getValidator<T>(): JsonSchemaValidator<T> {
    return (data) => ({ valid: true, data: data as T, errorMessage: undefined });
  },
};

export class Session implements AsyncDisposable {
  readonly #o: SessionOptions;
  readonly #client: Client;
  /** Called when the server says that its tools changed. */
  onToolsChanged: (() => void) | undefined;
  /** Resolves when it has ended, whoever ended it. */
  readonly closed: Promise<void>;

  private constructor(options: SessionOptions) {
    this.#o = options;
    // No capabilities: it may not ask our models, our person or our files for anything.
    this.#client = new Client({ name: "aleph", version: VERSION }, { jsonSchemaValidator: unchecked });
    const closed = Promise.withResolvers<void>();
    this.#client.onclose = () => closed.resolve();
    this.closed = closed.promise;
    this.#client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.onToolsChanged?.());
  }

  /** Throws `mcp_error`, `timeout`, `cancelled`, or what the transport throws when it is an error of ours. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#ask(() =>
        session.#client.connect(options.transport, { timeout: START_MS, signal: options.signal }),
      );
      return session;
    } catch (thrown) {
      await session[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  get about(): { readonly name: string; readonly version: string } | undefined {
    const info = this.#client.getServerVersion();
    return info && { name: printableLine(info.name).slice(0, 200), version: printableLine(info.version).slice(0, 100) };
  }

  /** Why it ended, once it has. */
  get reason(): string | undefined {
    return this.#o.reason();
  }

  /** Sorted by name. */
  async tools(signal: AbortSignal): Promise<readonly ToolDefinition[]> {
    if (!this.#client.getServerCapabilities()?.tools) return [];
    const found = await this.#pages(async (cursor) => {
      const { tools, nextCursor } = await this.#client.request(
        { method: "tools/list", params: cursor },
        ListToolsResultSchema,
        this.#listing(signal),
      );
      return { items: tools, nextCursor };
    });
    return readDefinitions(this.#o.server, found);
  }

  /** MCP's own result. Throws `payload_too_large` for one over the limit. */
  async call({ tool, args, signal, onProgress }: ToolCall): Promise<CallToolResult> {
    const signs = createTokenBucket(PROGRESS_RATE, this.#o.now);
    const options: RequestOptions = {
      signal,
      timeout: this.#o.timeoutMs,
      maxTotalTimeout: Math.max(LONGEST_CALL_MS, this.#o.timeoutMs),
      resetTimeoutOnProgress: true,
      onprogress: ({ progress, total, message }) => {
        if (signs.take() > 0) return;
        const share = total === undefined ? `${progress}` : `${progress}/${total}`;
        onProgress?.(`${printableLine(message ?? "").slice(0, 500)} (${share})\n`.trimStart());
      },
    };
    const result = await this.#ask(() =>
      this.#client.request(
        { method: "tools/call", params: { name: tool, arguments: args } },
        CallToolResultSchema,
        options,
      ),
    );
    return this.#limited(result);
  }

  async resources(signal: AbortSignal) {
    if (!this.#client.getServerCapabilities()?.resources) return { resources: [], templates: [] };
    const resources = await this.#pages(async (cursor) => {
      const page = { method: "resources/list" as const, params: cursor };
      const { resources: items, nextCursor } = await this.#client.request(
        page,
        ListResourcesResultSchema,
        this.#listing(signal),
      );
      return { items, nextCursor };
    });
    const templates = await this.#pages(async (cursor) => {
      const page = { method: "resources/templates/list" as const, params: cursor };
      const { resourceTemplates: items, nextCursor } = await this.#client.request(
        page,
        ListResourceTemplatesResultSchema,
        this.#listing(signal),
      );
      return { items, nextCursor };
    }).catch(noneOf);
    return this.#limited({ resources, templates });
  }

  async readResource(uri: string, signal: AbortSignal) {
    const request = { method: "resources/read" as const, params: { uri } };
    return this.#limited(
      await this.#ask(() => this.#client.request(request, ReadResourceResultSchema, this.#answering(signal))),
    );
  }

  async prompts(signal: AbortSignal) {
    if (!this.#client.getServerCapabilities()?.prompts) return [];
    const prompts = await this.#pages(async (cursor) => {
      const page = { method: "prompts/list" as const, params: cursor };
      const { prompts: items, nextCursor } = await this.#client.request(
        page,
        ListPromptsResultSchema,
        this.#listing(signal),
      );
      return { items, nextCursor };
    });
    return this.#limited(prompts);
  }

  async prompt(name: string, args: Readonly<Record<string, string>>, signal: AbortSignal) {
    const request = { method: "prompts/get" as const, params: { name, arguments: args } };
    return this.#limited(
      await this.#ask(() => this.#client.request(request, GetPromptResultSchema, this.#answering(signal))),
    );
  }

  /** Whether it still answers at all. */
  async isAlive(): Promise<boolean> {
    try {
      await this.#client.ping({ timeout: PING_MS });
      return true;
    } catch (thrown) {
      // One that does not know `ping` has answered all the same.
      return thrown instanceof McpError && thrown.code === ErrorCode.MethodNotFound;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#o.transport.close();
  }

  #listing(signal: AbortSignal): RequestOptions {
    return { signal, timeout: LIST_MS };
  }

  #answering(signal: AbortSignal): RequestOptions {
    return { signal, timeout: this.#o.timeoutMs };
  }

  async #pages<T>(
    load: (params: { cursor?: string }) => Promise<{ items: readonly T[]; nextCursor?: string | undefined }>,
  ): Promise<readonly T[]> {
    const all: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const { items, nextCursor } = await this.#ask(() => load(cursor === undefined ? {} : { cursor }));
      all.push(...items);
      if (nextCursor === undefined) return all;
      cursor = nextCursor;
    }
    throw this.#error(`lists more than ${MAX_PAGES} pages`, "protocol");
  }

  #limited<T>(result: T): T {
    const size = JSON.stringify(result).length;
    if (size <= MAX_RESULT) return result;
    throw new AlephError(
      "payload_too_large",
      `MCP server "${this.#o.server}" gave an answer of ${size} characters; ${MAX_RESULT} are taken`,
      { data: { server: this.#o.server } },
    );
  }

  /** What the SDK throws, in our words. */
  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (thrown) {
      throw this.#explain(thrown);
    }
  }

  #explain(thrown: unknown): unknown {
    if (thrown instanceof AlephError) return thrown;
    const { server, reason, explain } = this.#o;
    if (thrown instanceof McpError) {
      const ended = reason();
      if (thrown.code === ErrorCode.ConnectionClosed) {
        return this.#error(ended ? `ended: ${ended}` : "closed the connection", "crashed", thrown);
      }
      if (thrown.code === ErrorCode.RequestTimeout) {
        return new AlephError("timeout", `MCP server "${server}" did not answer in time`, {
          cause: thrown,
          data: { server },
        });
      }
      const message = printableLine(thrown.message.replace(/^MCP error -?\d+: /, "")).slice(0, 2000);
      return this.#error(`refused: ${message}`, "refused", thrown);
    }
    const { name } = thrown instanceof Error ? thrown : { name: "" };
    if (name === "AbortError") return new AlephError("cancelled", `The call of MCP server "${server}" was cancelled`);
    // No JSON, or a message that does not have the form that the specification asks for.
    if (name === "SyntaxError" || name === "ZodError" || name === "$ZodError")
      return this.#error("gave an answer that is not valid", "protocol", thrown);
    return explain?.(thrown) ?? thrown;
  }

  #error(what: string, code: string, cause?: unknown): AlephError {
    const { server } = this.#o;
    return new AlephError("mcp_error", `MCP server "${server}" ${what}`, {
      ...(cause === undefined ? {} : { cause }),
      data: { server, code },
    });
  }
}

/** Templates are not known to every server that has resources. */
function noneOf(thrown: unknown): readonly never[] {
  if (thrown instanceof AlephError && thrown.data.code === "refused") return [];
  throw thrown;
}
