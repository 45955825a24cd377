/** A whole server on a free port with a home of its own, and a client that is logged in; gone when the test ends. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type App, type AppOptions, startApp } from "../../src/app.ts";
import { type Client, connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { ensureHome, type Home, homeAt } from "../../src/config/home.ts";
import type { ConfigInput } from "../../src/config/schema.ts";
import type { LogEntry } from "../../src/lib/log.ts";
import type { EventFrame } from "../../src/protocol/event-frame.ts";
import { testFolder } from "./folder.ts";

export interface TestAppOptions {
  readonly config?: ConfigInput;
  /** A home to use again; otherwise a new one that goes with the test. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: AppOptions["now"];
  readonly handshakeMs?: number;
  readonly interfaces?: AppOptions["interfaces"];
  /** Written as config.toml before the start. */
  readonly toml?: string;
}

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly url: string;
  readonly wsUrl: string;
  readonly home: Home;
  readonly token: string;
  readonly client: Client;
  readonly logs: readonly LogEntry[];
  /** Another client, logged in with the token. */
  connect(): Promise<Client>;
}

export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const { config = {}, home: path, env = {}, now, handshakeMs, interfaces, toml } = options;
  await using stack = new AsyncDisposableStack();
  const home = homeAt(path ?? stack.use(await testFolder()).path);
  const logs: LogEntry[] = [];
  if (toml !== undefined) {
    ensureHome(home);
    writeFileSync(home.config, toml, { mode: 0o600 });
  }
  const app = stack.use(
    await startApp({
      home,
      env: readEnvironment({ TZ: "UTC", HOME: home.path, OLLAMA_HOST: "http://127.0.0.1:9", ...env }),
      listen: true,
      overrides: { ...config, gateway: { port: 0, ...config.gateway } },
      writeLog: (entry) => logs.push(entry),
      ...(now ? { now } : {}),
      ...(handshakeMs === undefined ? {} : { handshakeMs }),
      ...(interfaces ? { interfaces } : {}),
    }),
  );
  const wsUrl = `${app.url!.replace("http", "ws")}/ws`;
  const token = readFileSync(join(home.credentials, "token"), "utf8").trim();
  const open = () =>
    connect({ open: () => openWebSocket(wsUrl), credentials: () => ({ token }), client: { id: "test" } });
  const client = stack.use(await open());
  const owned = stack.move();
  return {
    app,
    url: app.url!,
    wsUrl,
    home,
    token,
    client,
    logs,
    connect: open,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Gathers the events that match, and waits for one. */
export async function collectEvents(client: Client, pattern = "**") {
  const events: EventFrame[] = [];
  const waiting = new Set<() => void>();
  await client.subscribe(pattern, (event) => {
    events.push(event);
    for (const wake of waiting) wake();
  });
  return {
    events,
    /** The first event, come or to come, for which `accept` holds. */
    async until(accept: (event: EventFrame) => boolean): Promise<EventFrame> {
      for (;;) {
        const found = events.find(accept);
        if (found) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
  };
}
