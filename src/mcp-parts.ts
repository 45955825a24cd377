/** The part of the composition root that speaks MCP: nothing of it is loaded before a server is configured or asked for. */

import type { ConfigStore } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Log } from "./lib/log.ts";
import { lookupAll } from "./lib/lookup-all.ts";
import { once } from "./lib/once.ts";
import { pause } from "./lib/pause.ts";
import type { McpEndpoint } from "./mcp/endpoint.ts";
import type { ToolDesk } from "./mcp/offer.ts";
import type { OpenOptions } from "./mcp/open.ts";
import type { SkillOffer } from "./mcp/prompts.ts";
import type { McpServers } from "./mcp/servers.ts";
import type { Media } from "./media/media.ts";
import type { Publisher } from "./sdk/bus.ts";
import type { Store } from "./sdk/store.ts";
import type { ForeignTool, ToolSource } from "./sdk/tool.ts";

export interface McpPartsOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: Pick<ConfigStore, "current" | "onChange" | "resolve">;
  readonly store: Store;
  readonly media: Pick<Media, "get" | "put">;
  /** What is offered at /mcp. */
  readonly desk: () => ToolDesk;
  readonly skills: () => SkillOffer;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly fetch: typeof fetch;
}

export class McpParts implements ToolSource, AsyncDisposable {
  readonly #o: McpPartsOptions;
  readonly #following: Disposable;
  #servers: McpServers | undefined;
  #endpoint: McpEndpoint | undefined;
  /** Those that there are; loaded when they are first asked for. */
  readonly servers: () => Promise<McpServers>;

  /** What answers at /mcp; loaded with the first request. */
  readonly endpoint: () => Promise<McpEndpoint>;

  constructor(options: McpPartsOptions) {
    this.#o = options;
    this.servers = once(() => this.#load());
    this.endpoint = once(() => this.#loadEndpoint());
    this.#following = options.config.onChange((sections) => {
      if (sections.includes("mcp")) this.#servers?.sync();
    });
  }

  async tools(): Promise<readonly ForeignTool[]> {
    const isNeeded = this.#servers !== undefined || Object.keys(this.#o.config.current.mcp.servers).length > 0;
    return isNeeded ? (await this.servers()).tools() : [];
  }

  /** What other agents have open with it ends. */
  revoked(credential: string): void {
    this.#endpoint?.revoked(credential);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following[Symbol.dispose]();
    await this.#endpoint?.[Symbol.asyncDispose]();
    await this.#servers?.[Symbol.asyncDispose]();
  }

  async #load(): Promise<McpServers> {
    const { config, media, store, bus, log, now, monotonic } = this.#o;
    const { McpServers } = await import("./mcp/servers.ts");
    const opening = once(() => import("./mcp/open.ts"));
    const options = this.#openOptions();
    this.#servers = new McpServers({
      tables: () => config.current.mcp.servers,
      open: async (name, table, signal) => (await opening()).openServer(name, table, options, signal),
      login: async (name, table) => (await opening()).loginAt(name, table, options),
      isLoggedIn: async (name, url) => (await opening()).isLoggedInAt(name, url, options),
      forgetLogin: async (name) => (await opening()).logoutAt(name, options),
      media,
      store,
      log,
      now,
      monotonic,
      wait: pause,
      onStatus: (name, status) => bus.publish("mcp.status", { name, status }),
    });
    return this.#servers;
  }

  async #loadEndpoint(): Promise<McpEndpoint> {
    const { desk, skills, media, config, monotonic } = this.#o;
    const { McpEndpoint } = await import("./mcp/endpoint.ts");
    const maxBody = () => config.current.gateway.max_payload;
    this.#endpoint = new McpEndpoint({ desk: desk(), skills: skills(), media, maxBody, now: monotonic });
    return this.#endpoint;
  }

  #openOptions(): OpenOptions {
    const { home, env, config, log, monotonic, fetch } = this.#o;
    const denied = (server: string, target: string) =>
      log.warn("mcp server tried what it may not reach", { server, target });
    return {
      sandbox: once(async () => (await import("./sandbox/sandbox.ts")).createSandbox()),
      places: {
        userHome: env.userHome,
        alephHome: home.path,
        config: home.config,
        workspaces: home.workspaces,
      },
      runFolder: home.run,
      programPath: () => config.current.exec.path,
      resolveSecret: (value) => config.resolve(value),
      async openProxy(rules, onDenied) {
        const { startProxy } = await import("./sandbox/proxy.ts");
        return startProxy({ rules, onDenied, lookup: lookupAll });
      },
      onDenied: denied,
      credentials: home.credentials,
      async door(rules, timeoutMs) {
        const { createNetworkDoor } = await import("./sandbox/broker.ts");
        const headersMs = Math.max(timeoutMs, LEAST_HEADERS_MS);
        return createNetworkDoor({
          rules,
          onDenied: (target) => denied("remote", target),
          fetch,
          lookup: lookupAll,
          limits: { headersMs },
        });
      },
      log,
      now: monotonic,
    };
  }
}

/** A server may answer a call with its headers only when it is done. */
const LEAST_HEADERS_MS = 120_000;
