/** Requests to a llama.cpp server, and what its refusals mean. */
import type { ProviderCall, ProviderError } from "@aleph/plugin-sdk";

const BASE_URL = "http://127.0.0.1:8080";
const KEYS = ["base_url", "api_key", "headers"];
/** How long a model that is being loaded may be waited for before the next question. */
const LOADING_MS = 2000;

/** Thrown for what the server, or the way to it, refused. */
export class Refusal extends Error {
  readonly told: ProviderError;

  constructor(told: ProviderError) {
    super(told.message);
    this.told = told;
  }
}

/** The refusal; that the connection broke, which has a code; or that what came cannot be read. */
export function toldOf(thrown: unknown): ProviderError {
  if (thrown instanceof Refusal) return thrown.told;
  const { code, message = String(thrown) } = thrown as { readonly code?: unknown; readonly message?: string };
  return { failure: typeof code === "string" ? "network" : "malformed", message };
}

interface Asked {
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** Throws `Refusal` for any answer but a good one; `path` begins with a slash. */
export async function ask({ config }: ProviderCall, path: string, { body, signal }: Asked): Promise<Response> {
  const { url, headers } = readConfig(config);
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal,
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw new Refusal({ failure: "network", message: unreachable(url, thrown) });
  }
  if (!response.ok) throw new Refusal(refusalOf(response.status, await response.text()));
  return response;
}

function readConfig(config: Readonly<Record<string, unknown>>) {
  const unknown = Object.keys(config).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    const message = `"${unknown}" is not a key of a table of type "local-llama": ${KEYS.join(", ")} are`;
    throw new Refusal({ failure: "bad_request", message });
  }
  // Their shape is checked with the rest of the table.
  const {
    base_url = BASE_URL,
    api_key,
    headers = {},
  } = config as {
    base_url?: string;
    api_key?: string;
    headers?: Record<string, string>;
  };
  return {
    // As it is given elsewhere too, with or without the version.
    url: base_url.replace(/\/+$/, "").replace(/\/v1$/, ""),
    headers: { ...headers, ...(api_key === undefined ? {} : { authorization: `Bearer ${api_key}` }) },
  };
}

function unreachable(url: string, thrown: unknown): string {
  const { code, message } = thrown as { readonly code?: string; readonly message: string };
  if (code === "EACCES") {
    return `${message}: "connect:${new URL(url).origin}" must stand in network in the plugin's aleph_plugin.toml`;
  }
  return code === "ECONNREFUSED" ? `No llama.cpp server answers at ${url}` : message;
}

/** `{"error": {"code", "message", "type"}}`, as the server writes it before and within a stream. */
export function refusalOf(status: number, body: string): ProviderError {
  const { type = "", message = body.slice(0, 300) } = errorIn(body);
  const told = { message: message === "" ? `HTTP status ${status}` : message, status };
  if (type === "exceed_context_size_error") return { ...told, failure: "context_too_long" };
  if (status === 401 || status === 403) return { ...told, failure: "auth" };
  if (status === 429) return { ...told, failure: "rate_limit" };
  if (status === 503) return { ...told, failure: "overloaded", retry_after_ms: LOADING_MS };
  // What it cannot do at all it may call its own failure: pictures without a projector, tools without a template.
  const isUnable = status === 501 || /not support|unsupported|requires --/i.test(message);
  return { ...told, failure: status >= 500 && !isUnable ? "overloaded" : "bad_request" };
}

function errorIn(body: string): { readonly type?: string; readonly message?: string } {
  try {
    const { error } = JSON.parse(body) as { readonly error?: { type?: string; message?: string } | string };
    return typeof error === "string" ? { message: error } : (error ?? {});
  } catch {
    // A proxy's page, or nothing.
    return {};
  }
}
