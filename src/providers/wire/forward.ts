/** Hands a request on as it is: address and key are added, the answer comes back with its body unread. */
import { type Watched, WatchRound } from "../../lib/watch-round.ts";
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

/** How soon it is noticed that an answer is late. */
const LOOK_EVERY_MS = 100;

/** For an answer to begin. */
class Wait implements Watched {
  isLate = false;
  readonly #call: AbortController;
  readonly #until: number;

  constructor(call: AbortController, until: number) {
    this.#call = call;
    this.#until = until;
  }

  look(now: number): void {
    if (now < this.#until) return;
    this.isLate = true;
    this.#call.abort();
  }
}

export function createForward(
  endpoint: Endpoint,
  { url, defaults = {}, headers }: ForwardTarget,
  round = new WatchRound(LOOK_EVERY_MS),
): Forward {
  // Compressed for us and unpacked by us would be work for nothing.
  const first = { "content-type": "application/json", "accept-encoding": "identity", ...defaults };
  const usual = merged(first, headers);
  return async (body, call, more, whole = false) => {
    const { signal } = call;
    if (signal.aborted) throw cancelled();
    const limitMs = whole ? endpoint.wholeMs : endpoint.timeoutMs;
    const wait = new Wait(call, round.now + limitMs);
    const place = round.add(wait);
    try {
      const response = await endpoint.fetch(url, {
        method: "POST",
        headers: more === undefined ? usual : merged(first, more, headers),
        body,
        signal,
        // Redirects would carry keys along.
        redirect: "manual",
        // Bun's own limit of five minutes would cut long replies.
        timeout: false,
      } as RequestInit);
      const type = response.headers.get("content-type");
      if (!response.ok || (type !== null && !CONTENT.test(type))) return await refuse(endpoint, response, signal);
      return response;
    } catch (thrown) {
      if (wait.isLate) throw timeoutFailure(endpoint, limitMs, "answer");
      if (signal.aborted) throw cancelled();
      throw thrown instanceof AlephError ? thrown : networkFailure(endpoint, thrown);
    } finally {
      round.delete(place);
    }
  };
}

async function refuse(endpoint: Endpoint, response: Response, signal: AbortSignal): Promise<never> {
  if (response.ok) {
    void response.body?.cancel().catch(() => "it had ended");
    throw malformedFailure(endpoint, "what is not its format");
  }
  const text = await readBeginning(response.body);
  // What was read of it may be half of it: then it is late or cancelled, and not the vendor's error.
  if (signal.aborted) throw cancelled();
  throw httpFailure(endpoint, response.status, response.headers, text, true);
}

/** The last one wins, however it is spelled. */
function merged(...all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const headers of all) for (const [name, value] of Object.entries(headers)) out[name.toLowerCase()] = value;
  return out;
}
