/** The part of the composition root that plugs in what plugins bring besides tools: services, channels, providers, routes. */
import type { Interfaces } from "./channel/interfaces.ts";
import { describeError, type Log } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { createSerial } from "./lib/serial.ts";
import { NamedParts } from "./plugin/named-parts.ts";
import type { PluginRoutes } from "./plugin/routes.ts";
import type { Services } from "./plugin/services.ts";
import type { Protocols } from "./providers/protocols.ts";
import type { Bus } from "./sdk/bus.ts";
import type { ActivePlugin, ActivePlugins, PluginProvider } from "./sdk/plugin.ts";
import type { AnyProviderType } from "./sdk/provider.ts";

export interface PluginPartsOptions {
  readonly plugins: ActivePlugins;
  readonly protocols: Pick<Protocols, "plug" | "plugged">;
  readonly interfaces: Pick<Interfaces, "offer">;
  /** Names of the channels and the kinds of providers that are built in. */
  readonly builtIn: { readonly channels: readonly string[]; readonly providers: readonly string[] };
  readonly bus: Bus;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Requests a second of one client. */
  readonly rate: () => number;
  /** Whether services and channels run; not in a core inside a command. */
  readonly listen: boolean;
}

/** Nothing of a sort is loaded before a plugin has it. Disposing stops the services; the interfaces stop by themselves. */
export class PluginParts implements AsyncDisposable {
  readonly #o: PluginPartsOptions;
  readonly #serial = createSerial();
  readonly #providers: NamedParts<PluginProvider, AnyProviderType>;
  #plugged: readonly ActivePlugin[] = [];
  #services: Services | undefined;
  #following: Disposable | undefined;
  /** Whether the interfaces have a plugin's channel. */
  #isOffering = false;
  #isClosed = false;
  /** Loaded with the first request that is for one. */
  readonly routes: () => Promise<PluginRoutes>;

  constructor(options: PluginPartsOptions) {
    const { plugins, builtIn, log, rate, monotonic } = options;
    this.#o = options;
    this.#providers = new NamedParts({
      what: "provider",
      partsOf: (manifest) => manifest.providers,
      isTaken: (name) => builtIn.providers.includes(name),
      make: async (plugin, part) => (await import("./providers/plugged/adapter.ts")).pluggedType(plugin, part),
      log,
    });
    this.routes = once(async () => {
      const { PluginRoutes } = await import("./plugin/routes.ts");
      return new PluginRoutes({ plugins, log, rate, monotonic });
    });
  }

  /** From now on what plugins bring comes and goes with them. */
  start(): void {
    this.#following ??= this.#o.plugins.onChange(() => this.#sync());
    void this.#sync();
  }

  /** The names of the plugins' kinds of providers, in force when it resolves. */
  async providerNames(): Promise<readonly string[]> {
    const plugins = await this.#o.plugins.current();
    if (plugins !== this.#plugged) {
      this.#plugged = plugins;
      this.#o.protocols.plug(this.#providers.follow(plugins));
    }
    return this.#o.protocols.plugged;
  }

  async services(): Promise<Services> {
    const plugins = await this.#o.plugins.current();
    const services = await this.#loadServices();
    await services.follow(plugins);
    return services;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#following?.[Symbol.dispose]();
    await this.#serial(async () => this.#services?.[Symbol.asyncDispose]());
  }

  /** Never rejects. Resolves when nothing of a plugin that went is in use any more. */
  #sync(): Promise<void> {
    return this.#serial(async () => {
      if (this.#isClosed) return;
      try {
        await this.providerNames();
        const plugins = await this.#o.plugins.current();
        await Promise.all([this.#syncServices(plugins), this.#syncChannels(plugins)]);
      } catch (thrown) {
        this.#o.log.error("what plugins bring could not be taken", describeError(thrown));
      }
    });
  }

  async #syncServices(plugins: readonly ActivePlugin[]): Promise<void> {
    const isNeeded = plugins.some(({ manifest }) => manifest.services.length > 0);
    if (isNeeded || this.#services) await (await this.#loadServices()).follow(plugins);
  }

  async #syncChannels(plugins: readonly ActivePlugin[]): Promise<void> {
    const isNeeded = plugins.some(({ manifest }) => manifest.channels.length > 0);
    if (isNeeded || this.#isOffering) {
      this.#isOffering = isNeeded;
      await this.#o.interfaces.offer((await this.#channels()).follow(plugins));
    }
  }

  readonly #channels = once(async () => {
    const { log, builtIn } = this.#o;
    const { createPluginChannels } = await import("./plugin/channels.ts");
    return createPluginChannels({ log, builtIn: builtIn.channels });
  });

  readonly #loadServices = once(async () => {
    const { bus, log, now, monotonic, listen } = this.#o;
    const { Services } = await import("./plugin/services.ts");
    this.#services = new Services({ bus, log, now, monotonic, autoStart: listen });
    return this.#services;
  });
}
