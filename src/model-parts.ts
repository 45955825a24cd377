/** The part of the composition root that asks models: the kinds of providers that there are, and who answers. */
import type { ConfigStore } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Log } from "./lib/log.ts";
import { providers } from "./providers/index.ts";
import { AttemptCounts } from "./providers/models/attempt-counts.ts";
import { Models, type ModelsOptions } from "./providers/models.ts";
import { Protocols } from "./providers/protocols.ts";
import type { Publisher } from "./sdk/bus.ts";

export interface ModelPartsOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: ConfigStore;
  readonly bus: Publisher;
  readonly log: Log;
  readonly fetch: typeof fetch;
  readonly monotonic: () => number;
  readonly plugged: NonNullable<ModelsOptions["plugged"]>;
  /** Whether the folder of the protocol adapters is followed. */
  readonly watch: boolean;
}

export interface ModelParts extends Disposable {
  readonly protocols: Protocols;
  readonly attempts: AttemptCounts;
  readonly models: Models;
}

export function openModelParts({ home, env, config, bus, log, fetch, ...o }: ModelPartsOptions): ModelParts {
  const stack = new DisposableStack();
  const protocols = new Protocols({ folder: home.protocols, builtIn: providers, log });
  stack.use(
    protocols.onRead((protocol, issues) => {
      if (issues.length === 0) bus.publish("protocol.loaded", { protocol });
      else bus.publish("protocol.invalid", { protocol, issues: issues.map((issue) => ({ ...issue })) });
    }),
  );
  if (o.watch) stack.use(protocols.watch());
  const attempts = new AttemptCounts();
  const models = new Models({
    types: protocols.types,
    plugged: o.plugged,
    config: () => config.current,
    env: env.all,
    resolveSecret: (value) => config.resolve(value),
    log,
    fetch,
    now: o.monotonic,
    onAttempt: (attempt) => attempts.add(attempt),
    onHealth({ provider, key, pauseMs }) {
      if (pauseMs === null) bus.publish("provider.recovered", { provider, key });
      else bus.publish("provider.failed", { provider, key, retry_in_ms: pauseMs });
    },
  });
  return { protocols, attempts, models, [Symbol.dispose]: () => stack.dispose() };
}
