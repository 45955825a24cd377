/** OpenAI's SDK for one call, with nothing of its own: no retries, no environment, our fetch. */
import type OpenAI from "openai";
import { type GuardedCall, SDK_TIMEOUT_MS } from "./guard.ts";
import type { ConnectionOptions } from "./options.ts";

export async function connectOpenAi(options: ConnectionOptions, baseUrl: string, call: GuardedCall): Promise<OpenAI> {
  const { OpenAI } = await import("openai");
  return new OpenAI({
    // Without a key the SDK must get one all the same; the header is then left out.
    apiKey: options.api_key ?? "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: baseUrl,
    defaultHeaders: { ...(options.api_key === undefined ? { Authorization: null } : {}), ...options.headers },
    fetch: call.fetch,
    maxRetries: 0,
    timeout: SDK_TIMEOUT_MS,
    logLevel: "off",
  });
}
