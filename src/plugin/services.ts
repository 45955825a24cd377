/** The background services of all plugins: started with the server, kept running, stopped when their plugin goes. */
import type { Log } from "../lib/log.ts";
import { nearest } from "../lib/nearest.ts";
import { pause } from "../lib/pause.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { WireService } from "../protocol/service.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ActivePlugin } from "../sdk/plugin.ts";
import type { PluginServiceFailed } from "../sdk/plugin-service.ts";
import { Service, type ServiceOptions } from "./service.ts";

export interface ServicesOptions {
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Whether services that start by themselves do so. */
  readonly autoStart: boolean;
  /** How the time before a restart passes. */
  readonly wait?: ServiceOptions["wait"];
}

/** The services of one plugin as long as it is the same object. */
interface Group extends Disposable {
  readonly services: readonly Service[];
}

export class Services implements AsyncDisposable {
  readonly #o: ServicesOptions;
  readonly #groups = new Map<ActivePlugin, Group>();
  readonly #serial = createSerial();
  #isClosed = false;

  constructor(options: ServicesOptions) {
    this.#o = options;
  }

  /**
   * Takes the plugins that may be used from now on. Resolves when the services of those that went have stopped; what
   * starts by itself is not waited for. A plugin that was replaced goes on with what ran before.
   */
  follow(plugins: readonly ActivePlugin[]): Promise<void> {
    return this.#serial(async () => {
      if (this.#isClosed) return;
      const gone = [...this.#groups].filter(([plugin]) => !plugins.includes(plugin));
      const ran = new Map<string, boolean>();
      for (const [plugin, { services }] of gone) {
        for (const service of services) ran.set(fullName(plugin, service), service.isWanted);
      }
      await Promise.all(gone.map(([plugin]) => this.#leave(plugin)));
      for (const plugin of plugins) {
        if (this.#groups.has(plugin) || plugin.manifest.services.length === 0) continue;
        const group = this.#join(plugin);
        this.#groups.set(plugin, group);
        for (const [index, service] of group.services.entries()) {
          const starts = this.#o.autoStart && plugin.manifest.services[index]!.autoStart;
          if (ran.get(fullName(plugin, service)) ?? starts) void service.keepRunning();
        }
      }
    });
  }

  list(): readonly WireService[] {
    return this.#all().map(({ service }) => service.status);
  }

  /** `name` is `plugin-id/name`, or the name alone where only one plugin has it. Throws `not_found`, `conflict`. */
  status(name: string): WireService {
    return this.#find(name).status;
  }

  /** Resolves when it runs. Throws as `status`, `conflict` unless it is stopped, and what its plugin throws. */
  async start(name: string): Promise<WireService> {
    const service = this.#find(name);
    await service.start();
    return service.status;
  }

  /** Resolves when it has stopped. Throws as `status`, `conflict` unless it runs, and what its plugin throws. */
  async stop(name: string): Promise<WireService> {
    const service = this.#find(name);
    await service.stop();
    return service.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#serial(async () => {
      await Promise.all([...this.#groups.keys()].map((plugin) => this.#leave(plugin)));
    });
  }

  #join(plugin: ActivePlugin): Group {
    const { bus, log, now, monotonic, wait = pause } = this.#o;
    const services = plugin.manifest.services.map(
      (service) => new Service({ plugin, service, bus, log, now, monotonic, wait }),
    );
    const onExit = plugin.onExit((reason) => {
      for (const service of services) service.ended(reason);
    });
    const onNotify = plugin.onNotify((topic, data) => {
      const failed = topic === "service.failed" ? readFailed(data) : undefined;
      const service = services.find(({ name }) => name === failed?.service);
      service?.ended(failed?.message ?? "the plugin says so");
    });
    return {
      services,
      [Symbol.dispose]() {
        onExit[Symbol.dispose]();
        onNotify[Symbol.dispose]();
      },
    };
  }

  async #leave(plugin: ActivePlugin): Promise<void> {
    using group = this.#groups.get(plugin);
    if (!group) return;
    await Promise.all(group.services.map((service) => service.close()));
    this.#groups.delete(plugin);
  }

  #all(): { readonly id: string; readonly service: Service }[] {
    return [...this.#groups]
      .flatMap(([plugin, { services }]) => services.map((service) => ({ id: fullName(plugin, service), service })))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  #find(name: string): Service {
    const all = this.#all();
    const [found, other] = all.filter(({ id, service }) => id === name || service.name === name);
    if (found && !other) return found.service;
    if (found && other) {
      const ids = all.filter(({ service }) => service.name === name).map(({ id }) => id);
      throw new AlephError("conflict", `Several plugins have a service "${name}"`, {
        data: { hint: `Say which: ${ids.join(", ")}` },
      });
    }
    const near = nearest(name, [...all.map(({ id }) => id), ...all.map(({ service }) => service.name)]);
    throw new AlephError("not_found", `No service "${name}"`, {
      data: { hint: near ? `Did you mean "${near}"?` : "services.list shows those that exist" },
    });
  }
}

function fullName(plugin: ActivePlugin, service: Service): string {
  return `${plugin.manifest.id}/${service.name}`;
}

/** Nothing for what has another shape. */
function readFailed(data: unknown): PluginServiceFailed | undefined {
  if (typeof data !== "object" || data === null || !("service" in data)) return undefined;
  const { service } = data;
  if (typeof service !== "string") return undefined;
  const message = "message" in data && typeof data.message === "string" ? data.message.slice(0, 300) : undefined;
  return message === undefined ? { service } : { service, message };
}
