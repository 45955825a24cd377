/** Webhooks of others: whether one may be called, one call over a door, and what its answer means for the next attempt. */
import { isAddress } from "../lib/ip-address.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";
import type { NetworkRules } from "./network-rules.ts";

export interface Post {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
}

export interface PostAnswer {
  readonly status: number;
  readonly ok: boolean;
  /** Trying again changes nothing. */
  readonly isFinal: boolean;
  /** How long it asks to be left alone. */
  readonly retryAfterMs: number;
}

const TIMEOUT_MS = 15_000;

/** Whether these rules let it be called. */
export function mayPost(target: URL, rules: NetworkRules): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, "");
  return rules.names(target) && (!isAddress(host) || rules.mayReach(target, host));
}

/** Rejects as the door does, and when it takes too long. What the answer says besides its head is not read. */
export async function post(door: NetworkDoor, { url, headers, body }: Post, stop: AbortSignal): Promise<PostAnswer> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await door.fetch({ url, method: "POST", headers, body: bytes, redirect: "error" }, signal);
  await response.body?.cancel();
  const { status, ok } = response;
  return {
    status,
    ok,
    isFinal: !ok && status < 500 && ![408, 425, 429].includes(status),
    retryAfterMs: (Number(response.headers.get("retry-after")) || 0) * 1000,
  };
}
