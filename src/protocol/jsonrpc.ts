/** JSON-RPC 2.0 envelopes. Read by hand, not by schema: this runs for each frame, before anything else is loaded. */
import { AlephError, toRpcError } from "./errors.ts";

export type RequestId = string | number | null;

export interface Request {
  readonly jsonrpc: "2.0";
  /** Absent in a notification. */
  readonly id?: RequestId;
  readonly method: string;
  readonly params?: unknown;
}

/** The deepest nesting that a frame may have; deeper ones are refused before they are looked at. */
export const MAX_DEPTH = 64;
/** The most requests that one batch may hold. */
export const MAX_BATCH = 100;

/** A frame as one value or a batch. Throws `parse_error` or `invalid_request`. */
export function parseFrame(frame: string): unknown {
  if (nestsDeeperThan(frame, MAX_DEPTH)) {
    throw new AlephError("invalid_request", `Frame nests deeper than ${MAX_DEPTH} levels`);
  }
  try {
    return JSON.parse(frame);
  } catch (cause) {
    throw new AlephError("parse_error", "Frame is not JSON", { cause });
  }
}

/** Throws `invalid_request` unless `value` is a request or notification. */
export function parseRequest(value: unknown): Request {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("A request must be an object");
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (jsonrpc !== "2.0") throw invalid('A request must have "jsonrpc": "2.0"');
  if (id !== undefined && !isRequestId(id))
    throw invalid("A request id must be a string, a number that can be echoed exactly, or null");
  if (typeof method !== "string" || method === "") throw invalid('A request must name its "method"');
  if (params !== undefined && (typeof params !== "object" || params === null)) {
    throw invalid('"params" must be an object or an array');
  }
  return value as unknown as Request;
}

/** The id of something that may not be a valid request, for the error that answers it (§5: null when unknown). */
export function idOf(value: unknown): RequestId {
  if (typeof value !== "object" || value === null) return null;
  const { id } = value as { id?: unknown };
  return isRequestId(id) ? id : null;
}

/** The text of a response. Throws when `result` has no JSON, such as a cycle. */
export function success(id: RequestId, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${textOf(id)},"result":${JSON.stringify(result) ?? "null"}}`;
}

/** The text of an error response. */
export function failure(id: RequestId, thrown: unknown): string {
  return `{"jsonrpc":"2.0","id":${textOf(id)},"error":${JSON.stringify(toRpcError(thrown))}}`;
}

function invalid(message: string): AlephError {
  return new AlephError("invalid_request", message);
}

function textOf(id: RequestId): string {
  return typeof id === "number" ? String(id) : JSON.stringify(id);
}

/** Integers beyond 2^53 have lost digits by now: their sender would wait for another id for ever. */
function isRequestId(id: unknown): id is RequestId {
  if (id === null || typeof id === "string") return true;
  return typeof id === "number" && (Number.isInteger(id) ? Number.isSafeInteger(id) : Number.isFinite(id));
}

/** One pass over the text, strings skipped as a whole. Short frames cannot nest deep and cost nothing. */
function nestsDeeperThan(text: string, limit: number): boolean {
  if (text.length <= limit * 2) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i);
      if (i < 0) return false;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

/** Where the string that begins at `start` ends: at the next quote behind an even number of backslashes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let before = end - 1;
    while (text.charCodeAt(before) === 0x5c) before--;
    if ((end - before) % 2 === 1) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}
