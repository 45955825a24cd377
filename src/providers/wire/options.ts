/** The keys that every provider's table in config.toml may hold, and what they become. */
import * as z from "zod";
import type { Endpoint } from "./guard.ts";

const model = z.strictObject({
  id: z.string().min(1),
  name: z.string().optional(),
  context_window: z.int().positive().optional(),
  max_output: z.int().positive().optional(),
  tools: z.boolean().optional(),
  vision: z.boolean().optional(),
  thinking: z.boolean().optional(),
  price: z
    .strictObject({
      input: z.number().min(0),
      output: z.number().min(0),
      cache_read: z.number().min(0).optional(),
      cache_write: z.number().min(0).optional(),
    })
    .optional(),
});

export const modelEntries = z.array(z.union([z.string().min(1), model]));

const milliseconds = z.int().positive();

export const connectionOptions = z.strictObject({
  api_key: z.string().min(1).optional(),
  api_keys: z.array(z.string().min(1)).min(1).optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  models: modelEntries.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  timeout_ms: milliseconds.optional().describe("to the first byte of an answer"),
  idle_timeout_ms: milliseconds.optional().describe("between two parts of a streamed answer"),
});

/** A provider is opened once for each of its keys. */
export type ConnectionOptions = Omit<z.output<typeof connectionOptions>, "api_keys">;

/** Where and how long to ask; `host` is the provider's. `usualMs` is the time to the first byte when nobody says. */
export function endpointOf(
  options: ConnectionOptions,
  host: { id: string; fetch: typeof fetch },
  usualMs = 60_000,
): Endpoint {
  return {
    provider: host.id,
    fetch: host.fetch,
    timeoutMs: options.timeout_ms ?? usualMs,
    wholeMs: options.timeout_ms ?? Math.max(usualMs, WHOLE_MS),
    idleTimeoutMs: options.idle_timeout_ms ?? 60_000,
    secrets: [options.api_key ?? "", ...Object.values(options.headers ?? {})].filter((secret) => secret.length >= 6),
  };
}

/** What OpenAI's and Anthropic's own clients wait for a reply that is not streamed. */
const WHOLE_MS = 600_000;

/** Pictures and transcripts come whole, and take longer than the first word of a reply. */
export const MEDIA_MS = 300_000;

/** The address without a slash at its end, so that paths can follow. */
export function baseUrlOf({ base_url }: ConnectionOptions, usual: string): string {
  return (base_url ?? usual).replace(/\/+$/, "");
}

/** The key as a bearer token, and the headers of the table, which win. */
export function bearerHeaders({ api_key, headers }: ConnectionOptions): Record<string, string> {
  return { ...(api_key === undefined ? {} : { authorization: `Bearer ${api_key}` }), ...headers };
}
