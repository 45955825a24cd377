/** The app: takes the home, opens the port, puts the parts behind it together, and ends them in the other order. */
import { basename, dirname, join } from "node:path";
import { openConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import { ensureHome, type Home } from "./config/home.ts";
import { claimHome } from "./config/instance.ts";
import type { ConfigInput } from "./config/schema.ts";
import type { Core, RouteNeeds } from "./core-options.ts";
import { isLoopbackAddress } from "./gateway/origin.ts";
import { routes } from "./gateway/routes/index.ts";
import { Gateway } from "./gateway/server.ts";
import { fromHome } from "./lib/home-path.ts";
import { createLog, describeError, type LogEntry, type LogLevel } from "./lib/log.ts";
import { LogHistory } from "./lib/log-history.ts";
import { watchFolder } from "./lib/watch.ts";
import { AlephError, type Issue } from "./protocol/errors.ts";
import type { Doors } from "./remote/doors.ts";
import type { Interfaces } from "./remote/tailnet.ts";
import type { Transport } from "./sdk/transport.ts";

/** How often tailscale is asked for a newer certificate; it makes one when the old one ends within two weeks. */
const RENEW_MS = 24 * 60 * 60_000;

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
  /** Default: those of this machine. */
  readonly interfaces?: () => Interfaces;
}

export interface App extends AsyncDisposable {
  /** `http://127.0.0.1:18790`; undefined when it does not listen. */
  readonly url: string | undefined;
  /** How other machines call it, where it was started for them (`--remote`). */
  readonly remoteUrl: string | undefined;
  /** Where the owner's token is, and whether this start made it. */
  readonly token: { readonly path: string; readonly created: boolean };
  readonly authMode: "token" | "none";
  /** A connection inside the process, already the owner's: no secret is needed, `connect` still is called. */
  openLocal(): Promise<Transport>;
  /** Resolves with the reason when someone asked it to stop (`system.shutdown`). */
  readonly stopRequested: Promise<string>;
  /** Resolves when the disk has lost a write: nothing is written any more, and only a new start may go on. */
  readonly storageLost: Promise<AlephError>;
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
  const storageLost = Promise.withResolvers<AlephError>();
  const assembled = Promise.withResolvers<Core>();
  // Told by whoever awaits it, `startApp` first of all.
  assembled.promise.catch(() => "told below");
  const gateway = new Gateway<RouteNeeds>({
    core: assembled.promise,
    routes,
    settings: () => current().gateway,
    log,
    now,
    rate: () => current().limits.rate.http,
    ...(options.handshakeMs === undefined ? {} : { handshakeMs: options.handshakeMs }),
  });
  const behind = stack.use(new AsyncDisposableStack());
  stack.use(gateway);

  const machine = async () => {
    const [{ planDoors }, { tailscaleOf }, { hostname, networkInterfaces }] = await Promise.all([
      import("./remote/doors.ts"),
      import("./remote/tailscale.ts"),
      import("node:os"),
    ]);
    const path = env.all.PATH ?? "";
    return planDoors({
      gateway: current().gateway,
      authMode: current().auth.mode,
      interfaces: options.interfaces ?? networkInterfaces,
      machineName: hostname,
      tailscale: tailscaleOf({ path, userHome: env.userHome }),
      userHome: env.userHome,
      folder: join(home.credentials, "tls"),
      now,
    });
  };
  /** At once where nothing has to be looked for or read: most servers listen on loopback. */
  const plan = (): Doors | Promise<Doors> => {
    const { host, remote, tls } = current().gateway;
    if (remote || tls.tailscale || tls.cert !== undefined || tls.key !== undefined) return machine();
    const open = current().auth.mode === "none" && !isLoopbackAddress(host);
    return plainDoor(open ? "127.0.0.1" : host);
  };
  const limits = () => ({ port: current().gateway.port, max_payload: current().gateway.max_payload });
  let bound: { readonly doors: Doors; readonly limits: ReturnType<typeof limits> } | undefined;
  let url: string | undefined;
  let remoteUrl: string | undefined;
  const open = (doors: Doors) => {
    const wanted = { doors, limits: limits() };
    if (Bun.deepEquals(wanted, bound)) return;
    const { host, name, names, alsoLoopback, tls, warnings } = doors;
    const listening = gateway.listen(host, wanted.limits.port, { names, alsoLoopback, ...(tls ? { tls } : {}) });
    bound = wanted;
    url = alsoLoopback ? `http://127.0.0.1:${listening.port}` : listening.url;
    // "All addresses" is none that one can call.
    const isCallable = alsoLoopback || (!isLoopbackAddress(host) && !/^(?:0\.0\.0\.0|\[::\])$/.test(name));
    remoteUrl = isCallable ? `${tls ? "https" : "http"}://${name}:${listening.port}` : undefined;
    for (const warning of warnings) log.warn(warning);
  };
  if (listen) open(await plan());
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
      onStorageLost: storageLost.resolve,
    }),
  );
  assembled.resolve(core);

  const announce = () => {
    const { alsoLoopback, tls } = bound?.doors ?? {};
    claim.announce({
      pid: process.pid,
      instance_id: core.instanceId,
      started_at: now(),
      ...(url ? { url } : {}),
      ...(remoteUrl ? { remote_url: remoteUrl } : {}),
      // No authority need know the server for those who read this file to know it.
      ...(tls && !alsoLoopback ? { certificate: tls.cert } : {}),
    });
  };
  announce();
  if (listen) {
    const warnIfOpen = () => {
      if (current().auth.mode !== "none") return;
      const { host } = current().gateway;
      log.warn('auth.mode is "none": every program on this machine is the owner; listening on loopback only', { host });
    };
    warnIfOpen();
    let files = new DisposableStack();
    let followed: object | undefined;
    stack.defer(() => files.dispose());
    /** Follows what the config names, be it there or not: a certificate is replaced long before the config changes. */
    const follow = () => {
      const { tls } = current().gateway;
      // What changed while it was read is still to be told.
      if (Bun.deepEquals(tls, followed)) return;
      followed = tls;
      files.dispose();
      files = new DisposableStack();
      if (tls.tailscale) {
        const renewal = setInterval(relisten, RENEW_MS);
        renewal.unref();
        files.defer(() => clearInterval(renewal));
        return;
      }
      for (const named of [tls.cert, tls.key]) {
        if (named === undefined) continue;
        const path = fromHome(named, env.userHome);
        files.use(watchFolder(dirname(path), { names: [basename(path)], onChange: relisten }));
      }
    };
    let hasIssues = false;
    const reopen = (doors: Doors) => {
      const before = bound;
      open(doors);
      if (hasIssues) core.setConfigIssues([]);
      hasIssues = false;
      follow();
      if (bound === before) return;
      announce();
      log.info("listening anew", { url, ...(remoteUrl ? { remote_url: remoteUrl } : {}) });
    };
    const staysOpen = (error: unknown) => {
      const issues = error instanceof AlephError ? (error.data.issues as readonly Issue[] | undefined) : undefined;
      const what = issues?.some(({ path }) => path.startsWith("gateway.tls")) ? "certificate" : "address";
      log.error(`the new ${what} cannot be used, the old one stays`, describeError(error));
      follow();
      if (!issues) return;
      hasIssues = true;
      core.setConfigIssues(issues);
      core.bus.publish("config.invalid", { issues: issues.map((issue) => ({ ...issue })) });
    };
    let reopening = Promise.resolve();
    function relisten(): void {
      try {
        const doors = plan();
        // One after the other: what was asked for last is what stays.
        if (doors instanceof Promise)
          reopening = Promise.all([doors, reopening])
            .then(([given]) => reopen(given))
            .catch(staysOpen);
        else reopen(doors);
      } catch (error) {
        staysOpen(error);
      }
    }
    stack.defer(() => reopening);
    follow();
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
        relisten();
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
    get remoteUrl() {
      return bound?.doors.alsoLoopback ? remoteUrl : undefined;
    },
    token: core.token,
    authMode: core.auth.mode,
    openLocal: () => gateway.openLocal(),
    stopRequested: stopRequested.promise,
    storageLost: storageLost.promise,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As the config has it, without TLS. */
function plainDoor(host: string): Doors {
  const name = host.includes(":") ? `[${host}]` : host;
  return { host, names: [], alsoLoopback: false, tls: undefined, name, warnings: [] };
}
