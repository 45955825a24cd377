/** The shape of config.toml. Everything is optional here; `defaults.ts` fills in what is left out. */
import * as z from "zod";
import { LIFTABLE_RULES } from "../protocol/exec-floor.ts";
import type { DEFAULTS } from "./defaults.ts";
import {
  a2aAgent,
  addressBlock,
  agent,
  budgetOf,
  clockTime,
  folder,
  identifier,
  interfaceTable,
  mcpServer,
  milliseconds,
  modelName,
  nodejs,
  provider,
  rate,
  shellHook,
  size,
  timeZone,
  wasm,
  webhooks,
} from "./tables.ts";

export const configSchema = z.strictObject({
  gateway: z
    .strictObject({
      host: z.string().describe("address to listen on"),
      port: z.int().min(0).max(65535).describe("0 is any free one"),
      allowed_origins: z.array(z.url()).describe("other web origins whose pages may call the server"),
      allowed_hosts: z.array(z.string()).describe("other names under which the server may be called"),
      remote: z.boolean().describe("listens on the tailnet's address too, as --remote does"),
      trusted_proxies: z.array(addressBlock).describe("reverse proxies whose X-Forwarded headers are believed"),
      tls: z
        .strictObject({
          cert: folder.describe("file with the certificate chain, in PEM; read again when it changes"),
          key: folder.describe("file with its key"),
          tailscale: z.boolean().describe("gets both from tailscale cert, and renews them"),
        })
        .partial(),
      max_payload: z
        .int()
        .min(1024)
        .max(128 * 1024 * 1024)
        .describe("bytes of one WebSocket frame or HTTP body"),
      max_buffered: z
        .int()
        .min(64 * 1024)
        .describe("bytes that may wait for a slow reader"),
    })
    .partial()
    .optional(),
  auth: z
    .strictObject({
      mode: z.enum(["token", "none"]).optional().describe("none asks for nothing and listens on loopback only"),
    })
    .optional(),
  providers: z.record(identifier, provider).optional(),
  models: z
    .strictObject({
      default: modelName.describe("provider/model, a model's id or an alias"),
      aliases: z.record(z.string(), modelName).describe("own names for models"),
      fallbacks: z.array(modelName).describe("tried in this order when the wanted model fails"),
      image: modelName.describe("makes images when none is named"),
      video: modelName.describe("makes videos when none is named"),
      transcription: modelName.describe("makes text of speech, also of what is attached"),
      speech: modelName.describe("makes speech of text"),
      embedding: modelName.describe("makes vectors of facts, so that they are found by meaning as well"),
    })
    .partial()
    .optional(),
  agents: z.record(identifier, agent).optional(),
  subagents: z
    .strictObject({
      max_depth: z.int().min(0).max(4).describe("how many subagents may stand one below the other; 0 is none at all"),
      max_children: z.int().min(1).max(100).describe("that one run may have at work at a time"),
      max_running: z.int().min(1).max(1000).describe("of all runs together at a time"),
    })
    .partial()
    .optional(),
  runs: z
    .strictObject({
      on_restart: z.enum(["resume", "interrupt"]).optional().describe("what becomes of a run that was between steps"),
    })
    .optional(),
  sessions: z
    .strictObject({
      compaction: z
        .strictObject({
          enabled: z.boolean().describe("false never makes room by itself: what is oldest is then left out"),
          threshold: z
            .number()
            .min(0.1)
            .max(0.95)
            .describe("share of what a model can take, from which on a conversation is made shorter"),
          keep_recent: z.int().min(500).max(1_000_000).describe("tokens of the newest messages that stay as they are"),
          model: modelName.describe("takes notes of what is old; the conversation's own if left out"),
        })
        .partial(),
    })
    .partial()
    .optional(),
  exec: z
    .strictObject({
      timeout_ms: milliseconds.describe("after which a command is ended"),
      max_output: z.int().positive().describe("bytes of output that the model sees"),
      approval_timeout_ms: milliseconds.describe("after which an unanswered question is a no"),
      path: z.array(z.string()).describe("folders in which programs are looked up"),
      sandbox: z
        .strictObject({
          enabled: z.boolean().describe("false confines no command, and then each asks"),
          read: z.array(folder).describe("more folders and files that commands may read"),
          write: z.array(folder).describe("more folders that commands may change"),
          network: z
            .array(z.string().regex(/^connect:\w/, 'must be like "connect:https://api.example.com"'))
            .describe("hosts that approved commands may reach without being asked for, as in a plugin's manifest"),
          memory_limit: size.describe("of a command with all that it starts, in bytes or like 2GB"),
          file_limit: size.describe("of one file that a command writes"),
          processes: z.int().min(1).max(10_000).describe("that a command may have at a time, threads included"),
        })
        .partial(),
      allow_denied: z
        .array(z.enum(LIFTABLE_RULES))
        .describe("rules of the floor that ask instead of refusing; only this file sets it"),
    })
    .partial()
    .optional(),
  tools: z
    .strictObject({
      web_fetch: z
        .strictObject({
          allow_hosts: z.array(z.string()).describe("private hosts that may be fetched, as host or host:port"),
          max_bytes: z.int().positive().describe("of one answer"),
          timeout_ms: milliseconds.describe("for one answer"),
        })
        .partial(),
      browser: z
        .strictObject({
          allow_hosts: z.array(z.string()).describe("private hosts that a browser may reach, as host or host:port"),
          executable: z.string().describe("path of a Chromium or Chrome; empty: the one that is installed"),
          timeout_ms: z.int().min(1000).max(600_000).describe("for one step on a page"),
          max_tabs: z.int().min(1).max(50).describe("of one session"),
        })
        .partial(),
      web_search: z
        .strictObject({
          provider: z.enum(["brave", "tavily", "searxng"]).describe("who is asked; without it there is no search"),
          api_key: z.string().describe("best a reference: env:NAME, file:PATH or keychain:NAME"),
          base_url: z.url({ protocol: /^https?$/ }).describe("address of its API, if it is not the usual one"),
          timeout_ms: milliseconds.describe("for one answer"),
        })
        .partial(),
      ask_user: z
        .strictObject({ timeout_ms: milliseconds.describe("after which a question counts as not answered") })
        .partial(),
    })
    .partial()
    .optional(),
  limits: z
    .strictObject({
      rate: z
        .strictObject({
          read: rate.describe("looking, a second and identity; 0 is no limit"),
          write: rate.describe("changing, a second and identity; 0 is no limit"),
          http: rate.describe("HTTP requests and new sockets, a second and identity or address; 0 is no limit"),
          run: rate.describe("starting runs, a second and identity; 0 is no limit"),
        })
        .partial(),
      run: z
        .strictObject({
          steps: z.int().positive().describe("replies of the model in one run"),
          tokens: z.int().positive().describe("of one run"),
          cost_usd: z.number().positive().describe("of one run, where the price of the model is known"),
          time_ms: milliseconds.describe("of one run"),
        })
        .partial(),
      budget: z
        .strictObject({
          day: budgetOf("of all together"),
          session: budgetOf("of one session"),
          identity: budgetOf("of one identity"),
        })
        .partial(),
    })
    .partial()
    .optional(),
  interfaces: z.record(identifier, interfaceTable).optional(),
  extensions: z
    .strictObject({
      enabled: z.boolean().describe("false leaves all plugins unused"),
      search_paths: z
        .array(z.string().min(1))
        .describe("more folders of plugins; one that is not absolute begins in the working folder and must be trusted"),
      hot_reload: z.boolean().describe("whether changed files of plugins take effect by themselves"),
      allow_unsandboxed: z
        .array(z.string())
        .describe("ids of plugins that may run where nothing can confine them; only this file sets it"),
      runtimes: z.strictObject({ wasm, nodejs }).partial(),
    })
    .partial()
    .optional(),
  cluster: z
    .strictObject({
      heartbeat_ms: z
        .int()
        .min(100)
        .max(600_000)
        .describe("so often a node is asked whether it is there; three times in vain, and it is not"),
      max_calls: z.int().min(1).max(10_000).describe("of one node at a time"),
    })
    .partial()
    .optional(),
  node: z
    .strictObject({
      commands: z.array(z.string()).describe("what a center may call here, such as exec, file.*; * is all"),
      ask: z.array(z.string()).describe("what needs a person's word each time, even where the center would not ask"),
      read_only: z.boolean().describe("lets nothing be called that does more than look"),
      workspace: z
        .string()
        .describe("absolute path of the folder that calls work in; empty: workspaces/node in the home"),
    })
    .partial()
    .optional(),
  mcp: z
    .strictObject({ servers: z.record(identifier, mcpServer) })
    .partial()
    .optional(),
  audit: z
    .strictObject({
      keep_days: z
        .int()
        .min(0)
        .max(36_500)
        .optional()
        .describe("after which what was decided and done is forgotten; 0 is never; only this file sets it"),
    })
    .optional(),
  memory: z
    .strictObject({
      enabled: z.boolean().describe("false remembers nothing and recalls nothing; what is there stays"),
      file: z.boolean().describe("keeps MEMORY.md in the workspace: the facts, to be read and edited"),
      recall: z
        .strictObject({
          enabled: z.boolean().describe("whether facts that fit go into the prompt by themselves"),
          tokens: z.int().min(50).max(20_000).describe("of facts in one prompt"),
          wait_ms: milliseconds.describe("for vectors, after which facts are found by their words alone"),
        })
        .partial(),
      extract: z
        .strictObject({
          enabled: z.boolean().describe("whether a model looks through conversations for facts, in the background"),
          model: modelName.describe("looks for facts; best a cheap one; the session's own if left out"),
          idle_ms: milliseconds.describe("that a session must be quiet before"),
          per_day: z.int().min(0).describe("requests to the model a day"),
        })
        .partial(),
    })
    .partial()
    .optional(),
  cron: z
    .strictObject({
      enabled: z.boolean().describe("false runs no schedule; what is due waits as if the server were down"),
      max_jobs: z.int().min(0).max(10_000).describe("that there may be at a time"),
      max_missed: z.int().min(1).max(100).describe("of one job that wants to catch up all that it missed"),
      history: z.int().min(1).max(10_000).describe("runs that are remembered of each job"),
      webhooks: z
        .array(z.string().min(1))
        .describe("where jobs may bring what they say, such as connect:https://hooks.example.com"),
    })
    .partial()
    .optional(),
  heartbeat: z
    .strictObject({
      every_ms: z
        .union([z.literal(0), z.int().min(60_000).max(86_400_000)])
        .describe("so often an agent reads its HEARTBEAT.md and speaks if something matters; 0 is never"),
      agents: z.array(identifier).describe("which agents do"),
      from: clockTime.describe("the hour that it begins at each day; until is when it ends, the same is all day"),
      until: clockTime.describe("the hour that it ends at each day"),
      tz: timeZone.describe("whose hours these are; empty: the server's own"),
      model: modelName.describe("best a cheap one; the agent's own if left out"),
      interface: z.string().describe("where it speaks; empty: in the agent's main session"),
      target: z.string().describe("the conversation there"),
    })
    .partial()
    .optional(),
  a2a: z
    .strictObject({
      enabled: z.boolean().describe("lets other agents that have a token give tasks to this one, at /a2a"),
      name: z.string().min(1).describe("in the agent card"),
      description: z.string().min(1).describe("in the agent card"),
      agent: identifier.describe("which agent does their tasks"),
      url: z
        .union([z.literal(""), z.url({ protocol: /^https?$/ })])
        .describe("where this server is for others, if that is not the address that they ask at"),
      webhooks: z
        .array(z.string().min(1))
        .describe(
          "where it may tell of tasks, such as connect:https://hooks.example.com; connect:https://* is any public host",
        ),
      agents: z.record(identifier, a2aAgent).describe("other agents that the model may ask"),
    })
    .partial()
    .optional(),
  webhooks: webhooks.optional(),
  hooks: z.array(shellHook).max(100).optional().describe("commands that run after events; only this file sets them"),
  debug: z
    .strictObject({
      record: z.boolean().optional().describe("keeps what each run asks of providers and gets, for aleph runs replay"),
    })
    .optional(),
  log: z
    .strictObject({
      level: z
        .enum(["debug", "info", "warn", "error"])
        .optional()
        .describe("the least important lines that are written"),
    })
    .optional(),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ProviderTable = z.output<typeof provider>;
export type InterfaceTable = z.output<typeof interfaceTable>;
export type AgentTable = z.output<typeof agent>;
export type McpServerTable = z.output<typeof mcpServer>;
export type A2aAgentTable = z.output<typeof a2aAgent>;
export type A2aTable = Config["a2a"];
type WebhookTables = z.output<typeof webhooks>;
export type WebhookInTable = NonNullable<WebhookTables["in"]>[string];
export type WebhookOutTable = NonNullable<WebhookTables["out"]>[string];
export type ShellHookTable = z.output<typeof shellHook>;

/** The config in force: defaults filled in, secret references still unresolved. */
export type Config = typeof DEFAULTS & {
  readonly models: {
    readonly default?: string;
    readonly image?: string;
    readonly video?: string;
    readonly transcription?: string;
    readonly speech?: string;
    readonly embedding?: string;
  };
  readonly providers: Readonly<Record<string, ProviderTable>>;
  readonly agents: Readonly<Record<string, AgentTable>>;
  readonly interfaces: Readonly<Record<string, InterfaceTable>>;
  readonly mcp: { readonly servers: Readonly<Record<string, McpServerTable>> };
  readonly a2a: { readonly agents: Readonly<Record<string, A2aAgentTable>> };
  readonly webhooks: {
    readonly in: Readonly<Record<string, WebhookInTable>>;
    readonly out: Readonly<Record<string, WebhookOutTable>>;
  };
  readonly hooks: readonly ShellHookTable[];
};
