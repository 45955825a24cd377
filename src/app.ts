/** The composition root: the only file that knows every part. Reads top to bottom as start order. */
import type { Transport } from "./sdk/transport.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { LogEntry } from "./lib/log.ts";

export interface AppOptions {
  readonly home: Home;
  readonly env: Environment;
  /** Win over config.toml. */
  readonly overrides?: { readonly host?: string; readonly port?: number; readonly logLevel?: string };
  /** False for a core inside a command: no port, no timers that nobody needs. */
  readonly listen: boolean;
  readonly writeLog: (entry: LogEntry) => void;
  readonly now?: () => number;
  readonly fetch?: typeof fetch;
}

export interface App extends AsyncDisposable {
  /** `http://127.0.0.1:18790`; undefined when it does not listen. */
  readonly url: string | undefined;
  /** A connection inside the process, already the owner's: no handshake secret is needed, `connect` still is called. */
  openLocal(): Promise<Transport>;
  /** Resolves with the reason when someone asked it to stop (`system.shutdown`). */
  readonly stopRequested: Promise<string>;
}
