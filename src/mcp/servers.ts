/** All servers: those of config.toml and those that mcp.start made. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { McpServerTable } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { McpStatus } from "../protocol/mcp-state.ts";
import type { Store } from "../sdk/store.ts";
import type { ForeignTool, ToolSource } from "../sdk/tool.ts";
import type { PendingLogin } from "./oauth.ts";
import { Pins } from "./pins.ts";
import { McpServer, type Opened } from "./server.ts";
import type { Session } from "./session.ts";
import { foreignTools, tierOf, toolNameOf } from "./tools.ts";

export interface McpServersOptions {
  readonly tables: () => Readonly<Record<string, McpServerTable>>;
  /** Opens the server of a table. Rejects with `AlephError` where it can be explained. */
  readonly open: (name: string, table: McpServerTable, signal: AbortSignal) => Promise<Opened>;
  readonly login: (name: string, table: McpServerTable) => Promise<PendingLogin>;
  readonly isLoggedIn: (name: string, url: string) => Promise<boolean>;
  readonly forgetLogin: (name: string) => Promise<void>;
  readonly media: Pick<Media, "put">;
  readonly store: Store;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onStatus: (name: string, status: McpStatus) => void;
}

export interface KnownServer {
  readonly name: string;
  readonly table: McpServerTable;
  readonly isConfigured: boolean;
  readonly server: McpServer;
  readonly isLoggedIn: () => Promise<boolean>;
}

/** What `mcp.start` may say of a server that config.toml does not have. */
export type AdHocTable = Pick<
  McpServerTable,
  "command" | "args" | "env" | "url" | "read" | "write" | "execute" | "network"
>;

/** A result as the server gave it, and the text that was made of it. */
export interface KeptResult {
  readonly raw: CallToolResult;
  readonly text: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export class McpServers implements ToolSource, AsyncDisposable {
  readonly #o: McpServersOptions;
  readonly #pins: Pins;
  readonly #servers = new Map<string, KnownServer>();
  readonly #offered = new Map<string, { readonly sha256: string; readonly tools: readonly ForeignTool[] }>();
  readonly #logins = new Map<string, PendingLogin>();
  /** Whose results somebody wants as the server gave them, by call id. */
  readonly #kept = new Map<string, KeptResult | undefined>();

  constructor(options: McpServersOptions) {
    this.#o = options;
    this.#pins = new Pins({ store: options.store, now: options.now });
    this.sync();
  }

  /** Follows config.toml: what changed there is ended, and begins anew at its next use. */
  sync(): void {
    const tables = this.#o.tables();
    for (const { name, table, isConfigured } of [...this.#servers.values()]) {
      const wanted = Object.hasOwn(tables, name) ? tables[name] : undefined;
      if (isConfigured ? !Bun.deepEquals(table, wanted) : wanted) this.#remove(name);
    }
    for (const [name, table] of Object.entries(tables)) {
      if (!this.#servers.has(name)) this.#add(name, table, true);
    }
  }

  /** By name. */
  list(): readonly KnownServer[] {
    return [...this.#servers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws `not_found`. */
  get(name: string): KnownServer {
    const found = this.#servers.get(name);
    if (found) return found;
    throw new AlephError("not_found", `There is no MCP server "${name.slice(0, 64)}"`, {
      data: { hint: "mcp.list shows those that there are; config.toml has them as [mcp.servers.<name>]" },
    });
  }

  async tools(): Promise<readonly ForeignTool[]> {
    return (await Promise.all(this.list().map((known) => this.toolsOf(known)))).flat();
  }

  /** The same objects until something about them changes. */
  async toolsOf(known: KnownServer): Promise<readonly ForeignTool[]> {
    const definitions = await known.server.tools();
    const sha256 = definitions.length === 0 ? undefined : known.server.pin?.sha256;
    if (sha256 === undefined) return [];
    const before = this.#offered.get(known.name);
    if (before?.sha256 === sha256) return before.tools;
    const tools = foreignTools(known, definitions, this.#o.media, (callId, result) => {
      if (this.#kept.has(callId)) this.#kept.set(callId, result);
    });
    this.#offered.set(known.name, { sha256, tools });
    return tools;
  }

  /** Opens a server now. With a command or a url it is a new one, which lasts until it is stopped or the server ends. */
  async start(name: string, table: AdHocTable, signal: AbortSignal): Promise<KnownServer> {
    const isNew = table.command !== undefined || table.url !== undefined;
    if (!isNew) {
      const known = this.get(name);
      await known.server.start(signal);
      return known;
    }
    if (!NAME.test(name)) {
      throw new AlephError("invalid_params", `${JSON.stringify(name.slice(0, 64))} cannot be the name of a server`, {
        data: { hint: "Letters, digits, . _ and -, at most 64" },
      });
    }
    if (this.#servers.has(name)) {
      throw new AlephError("conflict", `There is an MCP server "${name}" already`, {
        data: { hint: "Stop it first, or take another name" },
      });
    }
    const known = this.#add(name, table, false);
    try {
      await known.server.start(signal);
    } catch (thrown) {
      // One that waits for a login is there to be logged in at.
      if (known.server.status !== "login_required") this.#remove(name);
      throw thrown;
    }
    return known;
  }

  /** One that config.toml does not have is gone then. */
  async stop(name: string): Promise<KnownServer> {
    const known = this.get(name);
    await known.server.stop();
    if (!known.isConfigured) this.#remove(name);
    return known;
  }

  /** Lets `use` work with the server, when it is not held. */
  use<T>(name: string, signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    return this.get(name).server.use(signal, work);
  }

  /** The name under which the gate knows a tool. Throws what keeps it from being called. */
  async toolName(name: string, tool: string, signal: AbortSignal): Promise<string> {
    const known = this.get(name);
    if (tierOf(known.table, tool) === "deny") {
      throw new AlephError(
        "forbidden",
        `Tool ${JSON.stringify(tool)} of MCP server "${name}" is denied in config.toml`,
      );
    }
    const wanted = toolNameOf(name, tool);
    const isOffered = async () => (await this.toolsOf(known)).some((offered) => offered.name === wanted);
    if (await isOffered()) return wanted;
    // Whoever names it waits for it longer than whoever wants to know all that there is.
    if (known.server.status === "starting") {
      await known.server.use(signal, async () => undefined);
      if (await isOffered()) return wanted;
    }
    known.server.assertUsable();
    if (known.server.error && known.server.status !== "running") throw known.server.error;
    throw new AlephError("not_found", `MCP server "${name}" has no tool ${JSON.stringify(tool)}`);
  }

  /** From now on the result of this call is kept as the server gave it, until disposed. */
  keep(callId: string): Disposable & { readonly result: KeptResult | undefined } {
    const kept = this.#kept;
    kept.set(callId, undefined);
    return {
      get result() {
        return kept.get(callId);
      },
      [Symbol.dispose]: () => void kept.delete(callId),
    };
  }

  async approve(name: string, by: string, sha256: string | undefined): Promise<KnownServer> {
    const known = this.get(name);
    await known.server.approve(by, sha256);
    return known;
  }

  /** Where a person logs in; an earlier login that waits is given up. */
  async login(name: string): Promise<PendingLogin> {
    const { table } = this.get(name);
    if (table.url === undefined) {
      throw new AlephError("invalid_params", `MCP server "${name}" is a program; there is nothing to log in at`);
    }
    await this.#giveUp(name);
    const pending = await this.#o.login(name, table);
    this.#logins.set(name, pending);
    pending.done
      .then(
        () => this.#loggedIn(name),
        (thrown: unknown) => this.#o.log.warn("mcp login failed", { server: name, error: String(thrown) }),
      )
      .finally(() => {
        if (this.#logins.get(name) === pending) this.#logins.delete(name);
      });
    return pending;
  }

  /** Throws `not_found` when no login is under way. */
  async finishLogin(name: string, address: string): Promise<void> {
    const pending = this.#logins.get(name);
    if (!pending) throw new AlephError("not_found", `No login at MCP server "${name}" is under way`);
    pending.finish(address);
    await pending.done;
  }

  async logout(name: string): Promise<void> {
    this.get(name);
    await this.#o.forgetLogin(name);
    this.#renew(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#logins.keys()].map((name) => this.#giveUp(name)));
    await Promise.all([...this.#servers.values()].map(({ server }) => server[Symbol.asyncDispose]()));
  }

  #loggedIn(name: string): void {
    this.#o.log.info("mcp login done", { server: name });
    this.#renew(name);
  }

  /** What it may do with a login is another than without one. */
  #renew(name: string): void {
    const known = this.#servers.get(name);
    if (!known) return;
    this.#remove(name);
    const { server } = this.#add(name, known.table, known.isConfigured);
    this.#o.onStatus(name, server.status);
  }

  async #giveUp(name: string): Promise<void> {
    await this.#logins.get(name)?.[Symbol.asyncDispose]();
  }

  #add(name: string, table: McpServerTable, isConfigured: boolean): KnownServer {
    const { open, log, monotonic, wait, onStatus, isLoggedIn } = this.#o;
    const server = new McpServer({
      name,
      isEnabled: table.enabled ?? true,
      open: (signal) => open(name, table, signal),
      pins: this.#pins,
      log,
      now: monotonic,
      wait,
      onStatus: (status) => onStatus(name, status),
    });
    const { url } = table;
    const known = {
      name,
      table,
      isConfigured,
      server,
      isLoggedIn: async () => url !== undefined && isLoggedIn(name, url),
    };
    this.#servers.set(name, known);
    return known;
  }

  #remove(name: string): void {
    const known = this.#servers.get(name);
    this.#servers.delete(name);
    this.#offered.delete(name);
    void known?.server[Symbol.asyncDispose]();
  }
}
