/** One request to a vendor that no SDK makes for us: JSON or a file there, JSON or bytes back. */
import { malformedFailure } from "./failure.ts";
import { type Endpoint, type GuardedCall, guardCall } from "./guard.ts";

export interface VendorRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON, but for a form; without it the request is a GET. */
  readonly body?: unknown;
}

/** What `read` makes of the answer's JSON. Throws as `guardCall`; `read` may throw what it does not understand. */
export function callJson<T>(
  endpoint: Endpoint,
  signal: AbortSignal,
  request: VendorRequest,
  read: (json: unknown) => T,
): Promise<T> {
  return guardCall(endpoint, signal, async (call) => {
    const response = await call.fetch(request.url, initOf(request));
    return read(parseJson(new TextDecoder().decode(await readBody(response, call)), endpoint));
  });
}

function parseJson(text: string, endpoint: Endpoint): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformedFailure(endpoint, "what is not its format", error);
  }
}

export interface VendorBytes {
  readonly mime: string;
  readonly data: Uint8Array;
}

export function callBytes(endpoint: Endpoint, signal: AbortSignal, request: VendorRequest): Promise<VendorBytes> {
  return guardCall(endpoint, signal, async (call) => {
    const response = await call.fetch(request.url, initOf(request));
    const mime = response.headers.get("content-type")?.split(";")[0]?.trim() ?? "application/octet-stream";
    return { mime, data: await readBody(response, call) };
  });
}

function initOf({ headers, body }: VendorRequest): RequestInit {
  if (body === undefined) return { headers };
  if (body instanceof FormData) return { method: "POST", headers, body };
  return { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

async function readBody(response: Response, call: GuardedCall): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    call.progress();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The value as an object, or one without keys: vendors' JSON is read key by key. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
