/** The composition root: the only file that knows every part. Reads top to bottom as start order. */
import { Runner } from "./agent/runner.ts";
import { Toolbox } from "./agent/toolbox.ts";
import { Auth, ownerCredential } from "./auth/auth.ts";
import { ensureOwnerToken, followOwnerToken } from "./auth/owner-token.ts";
import { openBus } from "./bus/bus.ts";
import { Interfaces } from "./channel/interfaces.ts";
import { type ChannelNeeds, channels } from "./channels/index.ts";
import { openConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import { ensureHome, type Home } from "./config/home.ts";
import { claimHome } from "./config/instance.ts";
import type { ConfigInput } from "./config/schema.ts";
import { createDispatch } from "./gateway/dispatch.ts";
import { Metrics } from "./gateway/metrics.ts";
import { middleware } from "./gateway/middleware/index.ts";
import { describeMethods } from "./gateway/openrpc.ts";
import { isLoopbackAddress } from "./gateway/origin.ts";
import { routes } from "./gateway/routes/index.ts";
import { Gateway } from "./gateway/server.ts";
import { createId } from "./lib/id.ts";
import { createLog, describeError, type LogEntry, type LogLevel } from "./lib/log.ts";
import { LogHistory } from "./lib/log-history.ts";
import { once } from "./lib/once.ts";
import { startStallMonitor } from "./lib/stall-monitor.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "./media/media.ts";
import { methods, type Needs } from "./methods/index.ts";
import type { loadPanel } from "./panel/assets.ts";
import { Plugins } from "./plugin/plugins.ts";
import { runtimes } from "./plugin/runtimes/index.ts";
import { Approvals } from "./policy/approvals.ts";
import { createGate } from "./policy/gate.ts";
import type { Issue } from "./protocol/errors.ts";
import { TOPICS } from "./protocol/event-frame.ts";
import { OWNER_GRANT } from "./protocol/identity.ts";
import { providers } from "./providers/index.ts";
import { Models } from "./providers/models.ts";
import type { Transport } from "./sdk/transport.ts";
import { Runs } from "./session/runs.ts";
import { Sessions } from "./session/sessions.ts";
import { createStores } from "./session/stores.ts";
import { type OpenStore, openStore } from "./store/store.ts";
import { tools } from "./tools/index.ts";

export interface AppOptions {
  readonly home: Home;
  readonly env: Environment;
  /** Win over config.toml. */
  readonly overrides?: ConfigInput;
  /** False for a core inside a command: no port. */
  readonly listen: boolean;
  /** False leaves runs that an earlier process left open as they are: for a command that only looks. Default: true. */
  readonly recover?: boolean;
  readonly writeLog: (entry: LogEntry) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
  /** Time for a client's first valid `connect`. Default: 10 s. */
  readonly handshakeMs?: number;
}

export interface App extends AsyncDisposable {
  /** `http://127.0.0.1:18790`; undefined when it does not listen. */
  readonly url: string | undefined;
  /** Where the owner's token is, and whether this start made it. */
  readonly token: { readonly path: string; readonly created: boolean };
  readonly authMode: "token" | "none";
  /** A connection inside the process, already the owner's: no secret is needed, `connect` still is called. */
  openLocal(): Promise<Transport>;
  /** Resolves with the reason when someone asked it to stop (`system.shutdown`). */
  readonly stopRequested: Promise<string>;
}

const TICK_MS = 30_000;
/** How long runs may take to reach a safe point when the app stops. */
const DRAIN_MS = 10_000;

/** Disposing stops it: runs reach a safe point, clients are told, everything is on disk. */
export async function startApp(options: AppOptions): Promise<App> {
  const { home, env, listen, now = Date.now } = options;
  const monotonic = () => performance.now();
  const startedAt = monotonic();
  const instanceId = createId("srv");
  await using stack = new AsyncDisposableStack();

  const logs = new LogHistory();
  let level = (): LogLevel => "info";
  const log = createLog({
    write: (entry) => {
      logs.add(entry);
      options.writeLog(entry);
    },
    level: () => level(),
    now,
  });

  ensureHome(home);
  const claim = stack.use(await claimHome(home));
  const overrides = options.overrides ? { overrides: options.overrides } : {};
  const config = await openConfig({
    home,
    env,
    log,
    ...overrides,
    check: async (checked) => {
      const { checkProviders } = await import("./providers/models/check-providers.ts");
      const { checkInterfaces } = await import("./channel/check-interfaces.ts");
      return [...(await checkProviders(checked, providers)), ...(await checkInterfaces(checked, channels))];
    },
  });
  const current = () => config.current;
  level = () => current().log.level;

  const store = stack.use(openStore(home.database, { log }));
  const bus = stack.use(openBus({ store, log, now }));
  let ephemeral: OpenStore | undefined;
  stack.defer(() => ephemeral?.[Symbol.asyncDispose]());
  const stores = createStores(store, () => {
    ephemeral = openStore(":memory:", { log });
    return ephemeral;
  });
  const token = ensureOwnerToken(home.credentials);
  let ownerToken = token.token;
  const auth = new Auth({
    // Whoever can be reached from other machines asks for the token, whatever the config says.
    mode: () => (current().auth.mode === "none" && gateway.onLoopback ? "none" : "token"),
    ownerToken: () => ownerToken,
    store,
    now,
    monotonic,
    onRevoked: (credential) => gateway.revoke(credential),
  });

  const sessions = new Sessions({ stores, bus, now });
  const runs = new Runs({ stores });
  const media = createMedia({ durable: createDiskShelf(home.media), ephemeral: createMemoryShelf() });
  const models = new Models({
    types: providers,
    config: current,
    env: env.all,
    resolveSecret: (value) => config.resolve(value),
    log,
    fetch: options.fetch ?? fetch,
    now: monotonic,
  });

  const approvals = new Approvals({ stores, bus, log, now });
  const toolNeeds = once(async () =>
    (await import("./tool-needs.ts")).makeToolNeeds({
      home,
      env,
      config: current,
      media,
      stores,
      now,
      fetch: options.fetch ?? fetch,
    }),
  );
  const gate = createGate({ approvals, needs: toolNeeds, log, config: current });
  const toolbox = new Toolbox({ tools, gate, needs: toolNeeds, config: current, home, log });
  const plugins = stack.use(new Plugins({ folder: home.plugins, runtimes, config: current, bus, log }));
  const runner = new Runner({
    models,
    toolbox,
    bus,
    config: current,
    now,
    monotonic,
    pluginPrompts: (message) => plugins.prompts(message),
    // Asked at the first run: loading the time zones takes longer than all the rest of a start.
    timeZone: () => env.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    stores,
    sessions,
    runs,
    media,
    log,
  });

  const channelNeeds: ChannelNeeds = { sessions, stores, bus, now };
  const interfaces = new Interfaces({
    channels,
    needs: channelNeeds,
    config: current,
    resolveSecret: (value) => config.resolve(value),
    async receive({ sessionKey, text }) {
      const { run_id } = await runner.start({ message: text, session_key: sessionKey }, OWNER_GRANT);
      return { runId: run_id };
    },
    bus,
    log,
  });

  const stalls = stack.use(startStallMonitor(monotonic));
  const stopRequested = Promise.withResolvers<string>();
  let configIssues: readonly Issue[] = [];
  const load = () => {
    const queues = runner.queues();
    return {
      active: queues.filter(({ active }) => active !== null).length,
      queued: queues.reduce((sum, { queued }) => sum + queued.length, 0),
    };
  };

  const needs: Needs = {
    runner,
    runs,
    sessions,
    queues: runner,
    stores,
    bus,
    toolbox,
    models,
    approvals,
    interfaces,
    plugins,
    config,
    auth,
    logs,
    now,
    home: home.path,
    authMode: () => auth.mode,
    shutdown: (reason) => stopRequested.resolve(reason),
    describe: () => describeMethods(methods),
    facts: {
      instanceId,
      methods: Object.keys(methods),
      events: TOPICS,
      tickIntervalMs: TICK_MS,
      maxPayload: () => current().gateway.max_payload,
      maxBuffered: () => current().gateway.max_buffered,
      rateLimits: () => current().limits.rate,
    },
    status() {
      const { active, queued } = load();
      const { rss, heapUsed } = process.memoryUsage();
      return {
        uptime_ms: Math.round(monotonic() - startedAt),
        connections: gateway.connections,
        runs_active: active,
        runs_queued: queued,
        seq: bus.seq,
        memory: { rss, heap_used: heapUsed },
        storage: { ok: !store.failure, ...(store.failure ? { error: store.failure.message } : {}) },
        config: { ok: configIssues.length === 0, issues: configIssues.map((issue) => ({ ...issue })) },
        event_loop: { longest_stall_ms: Math.round(stalls.longestMs), stalls: stalls.stalls },
      };
    },
  };

  const metrics = new Metrics();
  let panel: ReturnType<typeof loadPanel> | undefined;
  let serving = false;
  const ready = Promise.withResolvers<void>();
  ready.promise.catch((error: unknown) => log.error("start could not be completed", describeError(error)));
  const gateway = new Gateway({
    auth,
    bus,
    dispatch: createDispatch({
      methods,
      needs,
      middleware: middleware({ metrics, log, rates: () => current().limits.rate, monotonic }),
      log,
    }),
    routes,
    routeNeeds: {
      auth,
      isReady: () => serving && !store.failure,
      requestCounts: () => metrics.requests,
      gauges: () => gauges(needs.status()),
      panel: () => (panel ??= import("./panel/assets.ts").then(({ loadPanel }) => loadPanel())),
    },
    ready: ready.promise,
    settings: () => current().gateway,
    log,
    now,
    ...(options.handshakeMs === undefined ? {} : { handshakeMs: options.handshakeMs }),
  });
  stack.use(gateway);
  stack.use(interfaces);
  let url: string | undefined;
  const announce = () =>
    claim.announce({ pid: process.pid, instance_id: instanceId, started_at: now(), ...(url ? { url } : {}) });
  if (listen) {
    const address = () => {
      const { host, port, max_payload } = current().gateway;
      const open = current().auth.mode === "none" && !isLoopbackAddress(host);
      return { host: open ? "127.0.0.1" : host, port, max_payload };
    };
    let bound = address();
    url = gateway.listen(bound.host, bound.port).url;
    // The port answers from here on: whoever asks for /health already need not wait for the rest.
    await Bun.sleep(1);
    const warnIfOpen = () => {
      if (current().auth.mode !== "none") return;
      const { host } = current().gateway;
      log.warn('auth.mode is "none": every program on this machine is the owner; listening on loopback only', { host });
    };
    warnIfOpen();
    stack.use(
      followOwnerToken(home.credentials, ownerToken, {
        log,
        onReplaced(next, previous) {
          ownerToken = next;
          gateway.revoke(ownerCredential(previous));
        },
      }),
    );
    stack.use(
      config.watch({
        onInvalid(issues) {
          configIssues = issues;
          bus.publish("config.invalid", { issues: issues.map((issue) => ({ ...issue })) });
        },
      }),
    );
    stack.use(
      config.onChange((sections) => {
        configIssues = [];
        if (current().auth.mode === "token") gateway.revoke("none");
        else if (sections.includes("auth")) warnIfOpen();
        const wanted = address();
        if (!Bun.deepEquals(wanted, bound)) {
          try {
            url = gateway.listen(wanted.host, wanted.port).url;
            bound = wanted;
            announce();
          } catch (error) {
            log.error("the new address cannot be used, the old one stays", describeError(error));
          }
        }
        bus.publish("config.changed", { sections });
        if (serving && sections.includes("interfaces")) void interfaces.apply();
      }),
    );
    const tick = setInterval(() => {
      const { uptime_ms, connections, runs_active } = needs.status();
      bus.publish("system.tick", { uptime_ms, connections, runs: runs_active, state_version: bus.seq });
    }, TICK_MS);
    tick.unref();
    stack.defer(() => clearInterval(tick));
  }
  announce();
  ready.resolve(
    (async () => {
      await bus.start();
      await approvals.expireAll();
      await runner.recover();
      serving = true;
      // Nobody waits for them. A core inside a command leaves them to the server.
      if (listen) void interfaces.apply();
    })(),
  );

  stack.defer(async () => {
    await ready.promise.catch(() => "logged above");
    serving = false;
    bus.publish("system.shutdown", { reason: "stopping" });
    gateway.stopAccepting();
    await runner.drain(DRAIN_MS);
  });
  const owned = stack.move();
  return {
    get url() {
      return url;
    },
    token: { path: token.path, created: token.created },
    authMode: auth.mode,
    openLocal: () => gateway.openLocal(),
    stopRequested: stopRequested.promise,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function gauges(status: ReturnType<Needs["status"]>) {
  const gauge = (help: string, value: number) => ({ help, value });
  return {
    aleph_uptime_seconds: gauge("Time since the start", status.uptime_ms / 1000),
    aleph_connections: gauge("Open WebSocket connections", status.connections),
    aleph_runs_active: gauge("Runs under way", status.runs_active),
    aleph_runs_queued: gauge("Runs that wait", status.runs_queued),
    aleph_event_seq: gauge("Number of the newest event", status.seq),
    aleph_memory_rss_bytes: gauge("Resident memory", status.memory.rss),
    aleph_storage_ok: gauge("1 while the database can be written", status.storage.ok ? 1 : 0),
    aleph_event_loop_stalls: gauge("Times that the event loop was held up for 50 ms or more", status.event_loop.stalls),
    aleph_event_loop_longest_stall_seconds: gauge(
      "Longest hold-up of the event loop",
      status.event_loop.longest_stall_ms / 1000,
    ),
  };
}
