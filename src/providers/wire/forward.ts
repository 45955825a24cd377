/** Hands a request on as it is: address and key are added, the answer comes back with its body unread. */
import { AlephError } from "../../protocol/errors.ts";
import type { Forward } from "../../sdk/provider.ts";
import { readBeginning } from "./beginning.ts";
import { httpFailure, malformedFailure, networkFailure, timeoutFailure } from "./failure.ts";
import { cancelled, type Endpoint } from "./guard.ts";

export interface ForwardTarget {
  readonly url: string;
  /** What the dialect needs unless the caller says otherwise. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Of the provider's table: they win over the caller's. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an answer to a chat can be; a page of a proxy or of a hotel's network is none. */
const CONTENT = /json|event-stream/;

export function createForward(endpoint: Endpoint, { url, defaults = {}, headers }: ForwardTarget): Forward {
  // Compressed for us and unpacked by us would be work for nothing.
  const first = { "content-type": "application/json", "accept-encoding": "identity", ...defaults };
  const usual = merged(first, headers);
  return async (body, signal, more) => {
    if (signal.aborted) throw cancelled();
    const controller = new AbortController();
    signal.addEventListener("abort", () => controller.abort(), { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, endpoint.timeoutMs);
    try {
      const response = await endpoint.fetch(url, {
        method: "POST",
        headers: more === undefined ? usual : merged(first, more, headers),
        body,
        signal: controller.signal,
        // Redirects would carry keys along.
        redirect: "manual",
        // Bun's own limit of five minutes would cut long replies.
        timeout: false,
      } as RequestInit);
      if (!response.ok) {
        const text = await readBeginning(response.body);
        // What was read of it may be half of it: then it is late or cancelled, and not the vendor's error.
        if (controller.signal.aborted) throw cancelled();
        throw httpFailure(endpoint, response.status, response.headers, text, true);
      }
      const type = response.headers.get("content-type");
      if (type !== null && !CONTENT.test(type)) {
        controller.abort();
        throw malformedFailure(endpoint, "what is not its format");
      }
      return response;
    } catch (thrown) {
      if (signal.aborted) throw cancelled();
      if (late) throw timeoutFailure(endpoint, endpoint.timeoutMs, "answer");
      throw thrown instanceof AlephError ? thrown : networkFailure(endpoint, thrown);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The last one wins, however it is spelled. */
function merged(...all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const headers of all) for (const [name, value] of Object.entries(headers)) out[name.toLowerCase()] = value;
  return out;
}
