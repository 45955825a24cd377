/** The shape of config.toml. Everything is optional here; `defaults.ts` fills in what is left out. */
import * as z from "zod";
import { LIFTABLE_RULES } from "../protocol/exec-floor.ts";
import { THINKING_LEVELS } from "../protocol/message.ts";
import type { DEFAULTS } from "./defaults.ts";

/** `provider/model`, a bare model id, or an alias. */
const modelName = z.string().min(1);
const milliseconds = z.int().min(0);
const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -");

const price = z.strictObject({
  input: z.number().min(0).describe("US dollars per million input tokens"),
  output: z.number().min(0).describe("US dollars per million output tokens"),
  cache_read: z.number().min(0).optional().describe("US dollars per million input tokens read from a cache"),
  cache_write: z.number().min(0).optional().describe("US dollars per million input tokens written to a cache"),
});

const model = z.strictObject({
  id: z.string().min(1).describe("as the provider calls it"),
  name: z.string().optional().describe("shown instead of the id"),
  context_window: z.int().positive().optional().describe("tokens that it can hold"),
  max_output: z.int().positive().optional().describe("tokens of one reply"),
  tools: z.boolean().optional().describe("whether it calls tools"),
  vision: z.boolean().optional().describe("whether it sees images"),
  thinking: z.boolean().optional().describe("whether it thinks before it answers"),
  price: price.optional(),
});

/** What every provider's table may hold; the kind that `type` names checks the rest with its own schema. */
const provider = z.looseObject({
  type: z
    .string()
    .describe(
      "anthropic, openai, gemini, ollama, openai-compatible, demo, a protocol adapter or a plugin's; the table's name if left out",
    )
    .optional(),
  api_key: z.string().optional().describe("best a reference: env:NAME, file:PATH or keychain:NAME"),
  api_keys: z.array(z.string()).optional().describe("more keys, used in turn; one that is refused or limited rests"),
  base_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of its API, if it is not the usual one"),
  models: z
    .array(z.union([z.string(), model]))
    .optional()
    .describe("ids of models, or what is known of them"),
  headers: z.record(z.string(), z.string()).optional().describe("sent with each request"),
  timeout_ms: milliseconds.optional().describe("to the first byte of an answer"),
  idle_timeout_ms: milliseconds.optional().describe("between two parts of a streamed answer"),
});

/** What every interface's table may hold; its channel checks the rest with its own schema. */
const interfaceTable = z.looseObject({
  enabled: z.boolean().optional().describe("false keeps it off; a table alone switches it on"),
  type: identifier
    .optional()
    .describe("which of the interfaces it is, where one has several accounts: telegram in [interfaces.work]"),
});

const agent = z.strictObject({
  workspace: z.string().optional().describe("folder of its files; ALEPH_HOME/workspaces/<agent> if left out"),
  model: modelName.optional().describe("used instead of models.default"),
  thinking: z.enum(THINKING_LEVELS).optional().describe("how much it thinks before it answers"),
  description: z.string().max(1000).optional().describe("what it is for; other agents see it when they delegate work"),
  prompt: z.string().max(100_000).optional().describe("text added to the system prompt, before prompt_files"),
  prompt_files: z.array(z.string()).optional().describe("Markdown files added to the system prompt, in order"),
  tools: z
    .strictObject({
      allow: z.array(z.string()).optional().describe("tools that it may use; all if left out"),
      deny: z.array(z.string()).optional().describe("tools that it may not use"),
    })
    .optional(),
});

const rate = z.number().min(0);

/** Of one day in the time zone of the machine. */
const budgetOf = (whose: string) =>
  z
    .strictObject({
      tokens: z.int().min(0).describe(`a day ${whose}, cached ones too; 0 is no limit`),
      cost_usd: z.number().min(0).describe(`a day ${whose}, where the price of the model is known; 0 is no limit`),
    })
    .partial();

/** Bytes, as a number or as `256MB`, where a megabyte has 1024 kilobytes. */
const folder = z.string().regex(/^(?:\/|~(?:\/|$)|[A-Za-z]:[\\/])/, "must be an absolute path, or begin with ~/");
const size = z.union([
  z
    .int()
    .min(1024 * 1024)
    .max(64 * 1024 ** 3),
  z.string().regex(/^[1-9]\d{0,5} ?[KMG]i?B$/i, 'must be a size such as "256MB"'),
]);

const addressOrBlock = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);
const addressBlock = z
  .string()
  .refine((text) => addressOrBlock.safeParse(text).success, "must be an address, or a block such as 10.0.0.0/8");

const runtime = {
  enabled: z.boolean().describe("false leaves plugins of this kind unused"),
  memory_limit: size.describe("of one plugin, in bytes or like 256MB"),
  timeout_ms: z.int().min(1).describe("of one call that does not name its own"),
};
const wasm = z.strictObject(runtime).partial();
const nodejs = z
  .strictObject({
    ...runtime,
    node_version: z
      .string()
      .regex(/^\d+(?:\.\d+){0,2}$/, "must be a version such as 20")
      .describe("the oldest Node.js whose interfaces plugins may expect"),
  })
  .partial();

const a2aAgent = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("where it is, or its agent card, whose name then ends in .json"),
  description: z.string().optional().describe("what it is good for; the model is told so"),
  token: z.string().optional().describe("sent as a bearer token; best a reference such as env:NAME"),
  ask: z.boolean().optional().describe("false lets it be asked without a question; true if left out"),
  network: z
    .array(z.string().min(1))
    .optional()
    .describe("more hosts that it leads to, such as connect:https://api.example.com"),
  timeout_ms: z.int().min(1).optional().describe("for one answer"),
});

const mcpServer = z.strictObject({
  enabled: z.boolean().optional().describe("false leaves the server unused"),
  command: z.string().min(1).optional().describe("program of a local server; a name is looked up in exec.path"),
  args: z.array(z.string()).optional().describe("what it is started with; files and folders named here are open to it"),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable"), z.string())
    .optional()
    .describe("all that it sees of an environment besides PATH and HOME; best references such as env:NAME"),
  cwd: z.string().min(1).optional().describe("absolute path of the folder that it runs in; one of its own if left out"),
  read: z
    .array(z.string().min(1))
    .optional()
    .describe("absolute paths that it may read; if left out, those that args and cwd name"),
  write: z
    .array(z.string().min(1))
    .optional()
    .describe("absolute paths that it may change; if left out, the folders that args name"),
  execute: z.array(z.string().min(1)).optional().describe("programs, or folders of them, that it may start"),
  network: z
    .array(z.string().min(1))
    .optional()
    .describe("hosts that it may reach, such as connect:https://api.example.com; connect:https://* is any public one"),
  memory_limit: size.optional().describe("of a local server, in bytes or like 512MB"),
  allow_unsandboxed: z
    .boolean()
    .optional()
    .describe("lets it run where nothing can confine it; only this file sets it"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of a remote server, in place of command"),
  headers: z.record(z.string(), z.string()).optional().describe("sent with each request to url"),
  oauth: z
    .strictObject({
      client_id: z.string().min(1).describe("if the server does not register clients by itself"),
      client_secret: z.string().describe("best a reference"),
      scope: z.string().describe("what to ask for; what the server names if left out"),
    })
    .partial()
    .optional(),
  timeout_ms: z.int().min(1).optional().describe("of one call, renewed by each sign of progress"),
  tools: z
    .strictObject({
      allow: z.array(z.string()).describe("tools that run without a question; * is all"),
      ask: z.array(z.string()).describe("tools that ask all the same, when allow names all"),
      deny: z.array(z.string()).describe("tools that are never offered or run"),
    })
    .partial()
    .optional(),
});

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
        .describe("where it may tell of tasks, such as connect:https://hooks.example.com; connect:https://* is any public host"),
      agents: z.record(identifier, a2aAgent).describe("other agents that the model may ask"),
    })
    .partial()
    .optional(),
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
};
