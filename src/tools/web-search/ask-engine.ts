/** One request to a search engine. */
import { AlephError } from "../../protocol/errors.ts";
import type { Engine, Hit, Query } from "./engine.ts";

export interface EngineCall {
  readonly name: string;
  readonly engine: Engine;
  readonly base: string;
  readonly key: string | undefined;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** Throws `provider_error`, `rate_limited`, `timeout`, and what `signal` says on abort. */
export async function askEngine(call: EngineCall, query: Query, signal: AbortSignal): Promise<readonly Hit[]> {
  const { name, engine, base, key, timeoutMs } = call;
  const late = AbortSignal.timeout(timeoutMs);
  const { url, headers, body } = engine.request(query, base, key);
  try {
    const response = await call.fetch(url, {
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      // The key is for the address in the config and for no other.
      redirect: "manual",
      signal: AbortSignal.any([signal, late]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(name, response);
    }
    const hits = engine.read(JSON.parse(await readText(response)));
    return hits.slice(0, query.count);
  } catch (cause) {
    if (signal.aborted || cause instanceof AlephError) throw cause;
    if (late.aborted) throw new AlephError("timeout", `Search at ${name} took longer than ${timeoutMs} ms`, { cause });
    const why = cause instanceof SyntaxError ? "answered with something else than JSON" : "cannot be reached";
    const hint = name === "searxng" ? { hint: "SearXNG must allow the format json in its settings" } : {};
    throw new AlephError("provider_error", `Search at ${name} ${why}`, { cause, data: hint });
  }
}

function refusal(name: string, { status, headers }: Response): AlephError {
  if (status === 429) {
    const seconds = Number(headers.get("retry-after"));
    const data = Number.isFinite(seconds) && seconds > 0 ? { retry_after_ms: seconds * 1000 } : {};
    return new AlephError("rate_limited", `Search at ${name} has had too many questions for now`, { data });
  }
  const hint = status === 401 || status === 403 ? { hint: "Look at tools.web_search.api_key in config.toml" } : {};
  return new AlephError("provider_error", `Search at ${name} failed with status ${status}`, {
    data: { status, ...hint },
  });
}

async function readText({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > MAX_BYTES) throw new AlephError("payload_too_large", "The answer of the search is too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
