/** The shape of config.toml. Everything is optional here; `defaults.ts` fills in what is left out. */
import * as z from "zod";
import { THINKING_LEVELS } from "../protocol/message.ts";
import type { DEFAULTS } from "./defaults.ts";

/** `provider/model`, a bare model id, or an alias. */
const modelName = z.string().min(1);
const milliseconds = z.int().min(0);
const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -");

const price = z.strictObject({
  input: z.number().min(0).describe("US dollars per million input tokens"),
  output: z.number().min(0),
  cache_read: z.number().min(0).optional(),
  cache_write: z.number().min(0).optional(),
});

const model = z.strictObject({
  id: z.string().min(1),
  name: z.string().optional(),
  context_window: z.int().positive().optional(),
  max_output: z.int().positive().optional(),
  price: price.optional(),
});

/** What every provider's table may hold; the kind that `type` names checks the rest with its own schema. */
const provider = z.looseObject({
  type: z
    .string()
    .describe("anthropic, openai, gemini, ollama, openai-compatible or demo; the table's name if left out")
    .optional(),
  api_key: z.string().optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  models: z.array(z.union([z.string(), model])).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  timeout_ms: milliseconds.optional().describe("to the first byte of an answer"),
  idle_timeout_ms: milliseconds.optional().describe("between two parts of a streamed answer"),
});

const agent = z.strictObject({
  workspace: z.string().optional().describe("folder of its files; ALEPH_HOME/workspaces/<agent> if left out"),
  model: modelName.optional(),
  thinking: z.enum(THINKING_LEVELS).optional(),
  prompt_files: z.array(z.string()).optional().describe("Markdown files added to the system prompt, in order"),
  tools: z.strictObject({ allow: z.array(z.string()).optional(), deny: z.array(z.string()).optional() }).optional(),
});

const rate = z.number().min(0);

export const configSchema = z.strictObject({
  gateway: z
    .strictObject({
      host: z.string(),
      port: z.int().min(0).max(65535),
      allowed_origins: z.array(z.url()),
      allowed_hosts: z.array(z.string()),
      max_payload: z
        .int()
        .min(1024)
        .max(128 * 1024 * 1024),
      max_buffered: z.int().min(64 * 1024),
    })
    .partial()
    .optional(),
  auth: z.strictObject({ mode: z.enum(["token", "none"]).optional() }).optional(),
  providers: z.record(identifier, provider).optional(),
  models: z
    .strictObject({
      default: modelName,
      aliases: z.record(z.string(), modelName),
      fallbacks: z.array(modelName).describe("tried in this order when the wanted model fails"),
    })
    .partial()
    .optional(),
  agents: z.record(identifier, agent).optional(),
  runs: z.strictObject({ on_restart: z.enum(["resume", "interrupt"]).optional() }).optional(),
  exec: z
    .strictObject({
      timeout_ms: milliseconds,
      max_output: z.int().positive().describe("bytes of output that the model sees"),
      approval_timeout_ms: milliseconds,
      path: z.array(z.string()).describe("folders in which programs are looked up"),
    })
    .partial()
    .optional(),
  tools: z
    .strictObject({
      web_fetch: z
        .strictObject({
          allow_hosts: z.array(z.string()).describe("private hosts that may be fetched, as host or host:port"),
          max_bytes: z.int().positive(),
          timeout_ms: milliseconds,
        })
        .partial(),
    })
    .partial()
    .optional(),
  limits: z
    .strictObject({
      rate: z.strictObject({ read: rate, write: rate, run: rate }).partial(),
      run: z
        .strictObject({
          steps: z.int().positive(),
          tokens: z.int().positive(),
          cost_usd: z.number().positive(),
          time_ms: milliseconds,
        })
        .partial(),
    })
    .partial()
    .optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).optional() }).optional(),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ProviderTable = z.output<typeof provider>;
export type AgentTable = z.output<typeof agent>;
export type ModelTable = z.output<typeof model>;

/** The config in force: defaults filled in, secret references still unresolved. */
export type Config = typeof DEFAULTS & {
  readonly models: { readonly default?: string };
  readonly providers: Readonly<Record<string, ProviderTable>>;
  readonly agents: Readonly<Record<string, AgentTable>>;
};
