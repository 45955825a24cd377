/** What the parts behind the port are given, and what they give. */

import type { A2aParts } from "./a2a-parts.ts";
import type { Auth } from "./auth/auth.ts";
import type { openBus } from "./bus/bus.ts";
import type { Interfaces } from "./channel/interfaces.ts";
import type { Completion } from "./completion/completion.ts";
import type { ConfigStore } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Home } from "./config/home.ts";
import type { Gauges } from "./gateway/gauges.ts";
import type { Metrics } from "./gateway/metrics.ts";
import type { GatewayCore } from "./gateway/server.ts";
import type { Log } from "./lib/log.ts";
import type { LogHistory } from "./lib/log-history.ts";
import type { McpParts } from "./mcp-parts.ts";
import type { MediaLinks } from "./media/links.ts";
import type { Media } from "./media/media.ts";
import type { SystemStatus } from "./methods/system/status.ts";
import type { ServedFiles } from "./panel/served-files.ts";
import type { PluginParts } from "./plugin-parts.ts";
import type { AlephError, Issue } from "./protocol/errors.ts";
import type { AttemptCounts } from "./providers/models/attempt-counts.ts";
import type { WebhookParts } from "./webhook-parts.ts";

export interface CoreOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: ConfigStore;
  readonly log: Log;
  readonly logs: LogHistory;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly fetch: typeof fetch;
  /** What the parts behind the port ask of it. */
  readonly gateway: {
    readonly connections: number;
    readonly onLoopback: boolean;
    readonly isQuiet: boolean;
    revoke(credential: string): void;
  };
  /** Whether clients come from outside: then the interfaces run and the token's file is followed. */
  readonly listen: boolean;
  /** Whether runs that an earlier process left open are taken up. */
  readonly recover: boolean;
  /** Someone asked the server to stop. */
  readonly onStopRequested: (reason: string) => void;
  /** The disk has lost a write: nothing is written any more, and only a new start may go on. */
  readonly onStorageLost: (failure: AlephError) => void;
}

export interface Core extends GatewayCore<RouteNeeds>, AsyncDisposable {
  readonly instanceId: string;
  readonly token: { readonly path: string; readonly created: boolean };
  readonly bus: ReturnType<typeof openBus>;
  readonly interfaces: Interfaces;
  status(): SystemStatus;
  /** What is wrong with config.toml now; empty when it is in force. */
  setConfigIssues(issues: readonly Issue[]): void;
  /** Lets runs reach a safe point; nothing new is begun. */
  drain(): Promise<void>;
}

export interface RouteNeeds extends ServedFiles {
  readonly auth: Auth;
  readonly isReady: () => boolean;
  readonly requestCounts: () => Metrics["requests"];
  readonly attemptCounts: () => AttemptCounts["all"];
  readonly gauges: () => Gauges;
  readonly media: Pick<Media, "get">;
  readonly mediaLinks: Pick<MediaLinks, "check">;
  readonly completion: () => Completion | Promise<Completion>;
  readonly interfaces: Pick<Interfaces, "channel">;
  readonly pluginRoutes: PluginParts["routes"];
  readonly mcp: McpParts["endpoint"];
  readonly a2a: A2aParts["endpoint"];
  readonly webhooks: WebhookParts["incoming"];
}
