/** The app: takes the home, opens the port, puts the parts behind it together, and ends them in the other order. */
import { openConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import { ensureHome, type Home } from "./config/home.ts";
import { claimHome } from "./config/instance.ts";
import type { ConfigInput } from "./config/schema.ts";
import type { Core, RouteNeeds } from "./core-options.ts";
import { isLoopbackAddress } from "./gateway/origin.ts";
import { routes } from "./gateway/routes/index.ts";
import { Gateway } from "./gateway/server.ts";
import { createLog, describeError, type LogEntry, type LogLevel } from "./lib/log.ts";
import { LogHistory } from "./lib/log-history.ts";
import type { Transport } from "./sdk/transport.ts";

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

/** Disposing stops it: runs reach a safe point, clients are told, everything is on disk. */
export async function startApp(options: AppOptions): Promise<App> {
  const { home, env, listen, now = Date.now } = options;
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
      const { checkTables } = await import("./check-tables.ts");
      return checkTables(checked, { home, userHome: env.userHome, workingFolder: process.cwd() });
    },
  });
  const current = () => config.current;
  level = () => current().log.level;

  const stopRequested = Promise.withResolvers<string>();
  const assembled = Promise.withResolvers<Core>();
  // Told by whoever awaits it, `startApp` first of all.
  assembled.promise.catch(() => "told below");
  const gateway = new Gateway<RouteNeeds>({
    core: assembled.promise,
    routes,
    settings: () => current().gateway,
    log,
    now,
    ...(options.handshakeMs === undefined ? {} : { handshakeMs: options.handshakeMs }),
  });
  const behind = stack.use(new AsyncDisposableStack());
  stack.use(gateway);

  const address = () => {
    const { host, port, max_payload } = current().gateway;
    const open = current().auth.mode === "none" && !isLoopbackAddress(host);
    return { host: open ? "127.0.0.1" : host, port, max_payload };
  };
  let bound = address();
  let url = listen ? gateway.listen(bound.host, bound.port).url : undefined;
  // The port answers from here on: whoever asks for /health already need not wait for the rest.
  if (listen) await Bun.sleep(1);

  const { assembleCore } = await import("./core.ts");
  const core = behind.use(
    await assembleCore({
      home,
      env,
      config,
      log,
      logs,
      now,
      fetch: options.fetch ?? fetch,
      gateway,
      listen,
      recover: options.recover ?? true,
      onStopRequested: stopRequested.resolve,
    }),
  );
  assembled.resolve(core);

  const announce = () =>
    claim.announce({ pid: process.pid, instance_id: core.instanceId, started_at: now(), ...(url ? { url } : {}) });
  announce();
  if (listen) {
    const warnIfOpen = () => {
      if (current().auth.mode !== "none") return;
      const { host } = current().gateway;
      log.warn('auth.mode is "none": every program on this machine is the owner; listening on loopback only', { host });
    };
    warnIfOpen();
    stack.use(
      config.watch({
        onInvalid(issues) {
          core.setConfigIssues(issues);
          core.bus.publish("config.invalid", { issues: issues.map((issue) => ({ ...issue })) });
        },
        onValid: () => core.setConfigIssues([]),
      }),
    );
    stack.use(
      config.onChange((sections) => {
        core.setConfigIssues([]);
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
        core.bus.publish("config.changed", { sections });
        if (sections.includes("interfaces") && core.routeNeeds.isReady()) void core.interfaces.apply();
      }),
    );
  }

  stack.defer(async () => {
    const drained = core.drain();
    gateway.stopAccepting();
    await drained;
  });
  const owned = stack.move();
  return {
    get url() {
      return url;
    },
    token: core.token,
    authMode: core.auth.mode,
    openLocal: () => gateway.openLocal(),
    stopRequested: stopRequested.promise,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
