/** A gateway with methods and routes of the test's own, on a free port: the real pipeline, nothing of the agent behind it. */
import { join } from "node:path";
import { Auth } from "../../src/auth/auth.ts";
import { type OpenBus, openBus } from "../../src/bus/bus.ts";
import { createDispatch } from "../../src/gateway/dispatch.ts";
import { Metrics } from "../../src/gateway/metrics.ts";
import { middleware } from "../../src/gateway/middleware/index.ts";
import { Gateway, type GatewaySettings } from "../../src/gateway/server.ts";
import { createLog, type LogEntry, type LogLevel } from "../../src/lib/log.ts";
import { authConnect } from "../../src/methods/auth/connect.ts";
import { eventsSubscribe } from "../../src/methods/events/subscribe.ts";
import { eventsUnsubscribe } from "../../src/methods/events/unsubscribe.ts";
import { rpcPing } from "../../src/methods/rpc/ping.ts";
import type { AnyMethod } from "../../src/sdk/method.ts";
import type { AnyRoute } from "../../src/sdk/route.ts";
import { createRunLimit } from "../../src/session/run-limit.ts";
import { type OpenStore, openStore } from "../../src/store/store.ts";
import { testFolder } from "./folder.ts";

export const TOKEN = "test-token-0123456789-0123456789-0123456789";

export interface TestGatewayOptions {
  /** Beside connect, ping, subscribe and unsubscribe. */
  readonly methods?: readonly AnyMethod[];
  readonly routes?: Readonly<Record<string, AnyRoute>>;
  readonly settings?: Partial<GatewaySettings>;
  readonly rates?: { read: number; write: number; run: number };
  readonly mode?: () => "token" | "none";
  readonly handshakeMs?: number;
  /** HTTP requests and new sockets a second. */
  readonly httpRate?: number;
  /** How long a method takes to be loaded at its first call. */
  readonly loadMs?: number;
  readonly level?: LogLevel;
  readonly monotonic?: () => number;
  readonly ready?: Promise<unknown>;
  /** What clients need is there only then. */
  readonly assembled?: Promise<unknown>;
  readonly host?: string;
  /** The folder of an earlier one. */
  readonly home?: string;
  readonly port?: number;
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway<object>;
  readonly bus: OpenBus;
  readonly store: OpenStore;
  readonly auth: Auth;
  readonly metrics: Metrics;
  readonly logs: readonly LogEntry[];
  readonly settings: { -readonly [K in keyof GatewaySettings]: GatewaySettings[K] };
  readonly rates: { read: number; write: number; run: number };
}

export async function testGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  await using stack = new AsyncDisposableStack();
  const {
    mode = () => "token" as const,
    monotonic = () => performance.now(),
    level = "info",
    host = "127.0.0.1",
  } = options;
  const folder = options.home ?? stack.use(await testFolder()).path;
  const logs: LogEntry[] = [];
  const log = createLog({ write: (entry) => logs.push(entry), level: () => level });
  const store = stack.use(openStore(join(folder, "aleph.db"), { log }));
  const bus = stack.use(openBus({ store, log, now: Date.now }));
  await bus.start();
  const settings = {
    allowed_origins: [],
    allowed_hosts: [],
    trusted_proxies: [],
    max_payload: 1024 * 1024,
    max_buffered: 1024 * 1024,
    ...options.settings,
  };
  const rates = options.rates ?? { read: 0, write: 0, run: 0 };
  let token = TOKEN;
  const auth = new Auth({
    mode,
    ownerToken: () => token,
    replaceOwnerToken: () => {
      token = `${TOKEN}-${crypto.randomUUID()}`;
      return token;
    },
    store,
    bus,
    now: Date.now,
    monotonic,
    onRevoked: (credential) => gateway.revoke(credential),
    onGuestGone: () => {},
    passwordHash: () => undefined,
  });
  const methods = [authConnect, rpcPing, eventsSubscribe, eventsUnsubscribe, ...(options.methods ?? [])] as AnyMethod[];
  const load = async (method: AnyMethod) => {
    if (options.loadMs) await Bun.sleep(options.loadMs);
    return method;
  };
  const metrics = new Metrics();
  const gateway = stack.use(
    new Gateway<object>({
      core: (options.assembled ?? Promise.resolve()).then(() => ({
        auth,
        bus,
        dispatch: createDispatch({
          methods: Object.fromEntries(methods.map((method) => [method.name, () => load(method)])),
          needs: {
            auth,
            now: Date.now,
            facts: {
              instanceId: "srv_test",
              methods: methods.map(({ name }) => name),
              guestMethods: [],
              events: [],
              tickIntervalMs: 30_000,
              maxPayload: () => settings.max_payload,
              maxBuffered: () => settings.max_buffered,
              rateLimits: () => rates,
            },
          },
          middleware: middleware({
            ...{ metrics, log, rates: () => rates, monotonic },
            runs: createRunLimit({ rate: () => rates.run, monotonic }),
            sessionOfRun: () => undefined,
          }),
          log,
        }),
        routeNeeds: { auth },
        ready: options.ready ?? Promise.resolve(),
      })),
      routes: Object.fromEntries(
        Object.entries(options.routes ?? {}).map(([name, route]) => [name, async () => route]),
      ),
      settings: () => settings,
      log,
      now: Date.now,
      monotonic,
      ...(options.httpRate === undefined ? {} : { rate: () => options.httpRate! }),
      ...(options.handshakeMs === undefined ? {} : { handshakeMs: options.handshakeMs }),
    }),
  );
  const { url } = gateway.listen(host, options.port ?? 0);
  const owned = stack.move();
  return {
    url,
    gateway,
    bus,
    store,
    auth,
    metrics,
    logs,
    settings,
    rates,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
