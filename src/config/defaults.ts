/** The value of each key that config.toml leaves out: the only place where a default stands. */
import type { LiftableRule } from "../protocol/exec-floor.ts";
import type { ShellHookTable } from "./schema.ts";

interface WebSearchTable {
  readonly provider?: "brave" | "tavily" | "searxng";
  readonly api_key?: string;
  readonly base_url?: string;
}

export const DEFAULTS = {
  gateway: {
    host: "127.0.0.1",
    port: 18790,
    allowed_origins: [] as string[],
    allowed_hosts: [] as string[],
    remote: false,
    trusted_proxies: [] as string[],
    tls: { tailscale: false } as { readonly cert?: string; readonly key?: string; readonly tailscale: boolean },
    /** Bytes of one WebSocket frame or HTTP body. */
    max_payload: 8 * 1024 * 1024,
    /** Bytes that may wait for a slow reader. */
    max_buffered: 1024 * 1024,
  },
  auth: { mode: "token" as "token" | "none" },
  models: { aliases: {} as Record<string, string>, fallbacks: [] as string[] },
  subagents: { max_depth: 2, max_children: 8, max_running: 16 },
  runs: { on_restart: "resume" as "resume" | "interrupt" },
  sessions: {
    compaction: { enabled: true, threshold: 0.8, keep_recent: 20_000 } as {
      readonly enabled: boolean;
      readonly threshold: number;
      readonly keep_recent: number;
      readonly model?: string;
    },
  },
  exec: {
    timeout_ms: 120_000,
    max_output: 256 * 1024,
    approval_timeout_ms: 600_000,
    path: ["/usr/local/bin", "/usr/bin", "/bin"],
    sandbox: {
      enabled: true,
      read: [] as string[],
      write: [] as string[],
      network: [] as string[],
      memory_limit: "2GB" as string | number,
      file_limit: "4GB" as string | number,
      processes: 512,
    },
    allow_denied: [] as LiftableRule[],
  },
  tools: {
    web_fetch: { allow_hosts: [] as string[], max_bytes: 2 * 1024 * 1024, timeout_ms: 30_000 },
    browser: { allow_hosts: [] as string[], executable: "", timeout_ms: 30_000, max_tabs: 8 },
    web_search: { timeout_ms: 15_000 } as WebSearchTable & { readonly timeout_ms: number },
    ask_user: { timeout_ms: 600_000 },
  },
  limits: {
    /** Requests a second and identity; 0 is off. */
    rate: { read: 2000, write: 200, run: 20, http: 10_000 },
    /** Of one run. Money counts only where the price of the model is known. */
    run: { steps: 50, tokens: 2_000_000, cost_usd: 10, time_ms: 3_600_000 },
    /** Of one day; 0 is no limit. Money counts only where the price of the model is known. */
    budget: {
      day: { tokens: 0, cost_usd: 0 },
      session: { tokens: 0, cost_usd: 0 },
      identity: { tokens: 0, cost_usd: 0 },
    },
  },
  /** The panel and other clients are on without a word; any other interface is on when it has a table. */
  interfaces: { webchat: { enabled: true } } as Record<string, { enabled?: boolean | undefined }>,
  extensions: {
    enabled: true,
    search_paths: [] as string[],
    hot_reload: true,
    allow_unsandboxed: [] as string[],
    runtimes: {
      wasm: { enabled: true, memory_limit: "256MB" as string | number, timeout_ms: 30_000 },
      nodejs: { enabled: true, memory_limit: "512MB" as string | number, timeout_ms: 30_000, node_version: "20" },
    },
  },
  cluster: { heartbeat_ms: 15_000, max_calls: 64 },
  node: { commands: ["*"] as string[], ask: [] as string[], read_only: false, workspace: "" },
  mcp: { servers: {} },
  memory: {
    enabled: true,
    file: true,
    recall: { enabled: true, tokens: 800, wait_ms: 150 },
    extract: { enabled: true, idle_ms: 60_000, per_day: 50 } as {
      readonly enabled: boolean;
      readonly model?: string;
      readonly idle_ms: number;
      readonly per_day: number;
    },
  },
  audit: { keep_days: 365 },
  cron: { enabled: true, max_jobs: 500, max_missed: 10, history: 100, webhooks: ["connect:https://*"] },
  heartbeat: {
    every_ms: 1_800_000,
    agents: ["main"],
    from: "00:00",
    until: "00:00",
    tz: "",
    interface: "",
    target: "",
  } as {
    readonly every_ms: number;
    readonly agents: readonly string[];
    readonly from: string;
    readonly until: string;
    readonly tz: string;
    readonly model?: string;
    readonly interface: string;
    readonly target: string;
  },
  a2a: {
    enabled: false,
    name: "Aleph",
    description: "A personal assistant that works on tasks with its own tools",
    agent: "main",
    url: "",
    webhooks: ["connect:https://*"],
    agents: {},
  },
  webhooks: { in: {}, out: {} },
  hooks: [] as readonly ShellHookTable[],
  debug: { record: false },
  log: { level: "info" as "debug" | "info" | "warn" | "error" },
};
