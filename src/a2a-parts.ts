/** The part of the composition root that speaks A2A: nothing of it is loaded before it is switched on and asked. */

import type { A2aEndpoint } from "./a2a/endpoint.ts";
import type { HandlerOptions } from "./a2a/handler.ts";
import type { ConfigStore } from "./config/config.ts";
import type { Log } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { pause } from "./lib/pause.ts";
import type { Media } from "./media/media.ts";
import { openDoor } from "./sandbox/open-door.ts";
import type { Store } from "./sdk/store.ts";
import type { ForeignTool, ToolSource } from "./sdk/tool.ts";
import type { OpenQuestions } from "./session/questions.ts";
import type { Runs } from "./session/runs.ts";

export interface A2aPartsOptions extends Pick<HandlerOptions, "bus" | "now" | "takeRun"> {
  readonly runner: () => HandlerOptions["runner"];
  readonly config: Pick<ConfigStore, "current" | "resolve">;
  readonly store: Store;
  readonly runs: Pick<Runs, "get">;
  readonly questions: Pick<OpenQuestions, "waits" | "asked" | "runs">;
  readonly media: Pick<Media, "get" | "put">;
  readonly isGuarded: () => boolean;
  readonly log: Log;
  readonly fetch: typeof fetch;
}

export class A2aParts implements ToolSource, AsyncDisposable {
  readonly #o: A2aPartsOptions;
  readonly #agents: () => Promise<ToolSource>;
  #endpoint: A2aEndpoint | undefined;

  /** What answers at /a2a; undefined while it is switched off. Loaded with the first request. */
  readonly endpoint: () => Promise<A2aEndpoint | undefined>;

  constructor(options: A2aPartsOptions) {
    this.#o = options;
    const load = once(() => this.#load());
    this.endpoint = async () => (options.config.current.a2a.enabled ? load() : undefined);
    this.#agents = once(() => this.#loadAgents());
  }

  async tools(): Promise<readonly ForeignTool[]> {
    const isNeeded = Object.keys(this.#o.config.current.a2a.agents).length > 0;
    return isNeeded ? (await this.#agents()).tools() : [];
  }

  /** Goes on telling those who wait to be told. */
  async start(): Promise<void> {
    const { config, store } = this.#o;
    if (!config.current.a2a.enabled) return;
    const waits = store.db.query("SELECT 1 FROM a2a_push WHERE done = 0 LIMIT 1").get() !== null;
    if (waits) await this.endpoint();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endpoint?.[Symbol.asyncDispose]();
  }

  async #load(): Promise<A2aEndpoint> {
    const { config, store, runs, questions, media, bus, log, runner, now, takeRun, isGuarded } = this.#o;
    const [{ A2aEndpoint }, { Tasks }, { TaskView }, { Webhooks }] = await Promise.all([
      import("./a2a/endpoint.ts"),
      import("./a2a/tasks.ts"),
      import("./a2a/view.ts"),
      import("./a2a/push.ts"),
    ]);
    const tasks = new Tasks(store);
    const view = new TaskView({ store, runs, tasks, questions, media });
    const rules = () => config.current.a2a.webhooks;
    const door = (allowed: readonly string[]) => this.#door(allowed);
    const webhooks = new Webhooks({ store, bus, tasks, view, rules, door, wait: pause, log });
    webhooks.resume();
    const table = () => config.current.a2a;
    const maxBody = () => config.current.gateway.max_payload;
    const of = { runner: runner(), bus, takeRun, questions, tasks, view, webhooks, now };
    this.#endpoint = new A2aEndpoint({ ...of, table, isGuarded, maxBody, log });
    return this.#endpoint;
  }

  async #loadAgents(): Promise<ToolSource> {
    const { config, media } = this.#o;
    const { Agents } = await import("./a2a/agents.ts");
    const agents = new Agents({
      agents: () => config.current.a2a.agents,
      resolveSecret: (value) => config.resolve(value),
      door: (rules) => this.#door(rules),
      media,
    });
    return { tools: async () => agents.tools() };
  }

  #door(rules: readonly string[]) {
    const { log, fetch } = this.#o;
    return openDoor({ rules, fetch, log, denied: "a request of A2A would have gone where it may not" });
  }
}
