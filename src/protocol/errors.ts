/** The one table of what can go wrong on the wire: reason to JSON-RPC number, HTTP status and whether a retry may help. */
import { maskSecrets, maskText } from "../lib/mask.ts";
import { systemFailureOf } from "./system-failures.ts";

export const ERRORS = {
  parse_error: { rpc: -32700, http: 400, retryable: false },
  invalid_request: { rpc: -32600, http: 400, retryable: false },
  method_not_found: { rpc: -32601, http: 404, retryable: false },
  invalid_params: { rpc: -32602, http: 400, retryable: false },
  internal: { rpc: -32603, http: 500, retryable: false },
  storage_failed: { rpc: -32603, http: 507, retryable: true },
  unauthenticated: { rpc: -32001, http: 401, retryable: false },
  auth_failed: { rpc: -32001, http: 401, retryable: false },
  pairing_required: { rpc: -32001, http: 401, retryable: false },
  forbidden: { rpc: -32002, http: 403, retryable: false },
  approval_denied: { rpc: -32002, http: 403, retryable: false },
  sandbox_denied: { rpc: -32002, http: 403, retryable: false },
  not_found: { rpc: -32003, http: 404, retryable: false },
  conflict: { rpc: -32004, http: 409, retryable: false },
  rate_limited: { rpc: -32005, http: 429, retryable: true },
  budget_exceeded: { rpc: -32005, http: 429, retryable: false },
  provider_error: { rpc: -32006, http: 502, retryable: true },
  no_provider: { rpc: -32006, http: 503, retryable: false },
  cancelled: { rpc: -32007, http: 499, retryable: false },
  timeout: { rpc: -32007, http: 504, retryable: true },
  limit_reached: { rpc: -32008, http: 429, retryable: false },
  overloaded: { rpc: -32008, http: 503, retryable: true },
  payload_too_large: { rpc: -32008, http: 413, retryable: false },
  plugin_error: { rpc: -32009, http: 502, retryable: false },
  mcp_error: { rpc: -32009, http: 502, retryable: false },
  config_invalid: { rpc: -32010, http: 422, retryable: false },
} as const satisfies Record<string, { rpc: number; http: number; retryable: boolean }>;

export type Reason = keyof typeof ERRORS;

export function isReason(text: string): text is Reason {
  return Object.hasOwn(ERRORS, text);
}

/** One thing wrong with a value: where, and what would be right. `path` is dotted, empty for the whole. */
export interface Issue {
  readonly path: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * An error whose message is safe to show to the caller: a sentence without a full stop, values quoted. Anything else
 * that is thrown becomes `internal` at the edge. `data` reaches the caller beside `reason`; `cause` does not.
 */
export class AlephError extends Error {
  override readonly name = "AlephError";
  readonly reason: Reason;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(reason: Reason, message: string, options: { cause?: unknown; data?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.data = options.data ?? {};
  }

  /**
   * The same error if it is one of ours; `storage_failed` or `overloaded` when disk, database or kernel say what is wrong
   * with them; otherwise `internal`, with the original as its cause.
   */
  static from(thrown: unknown): AlephError {
    if (thrown instanceof AlephError) return thrown;
    const told = systemFailureOf(thrown);
    if (told) return new AlephError(told.reason, told.message, { cause: thrown, data: { hint: told.hint } });
    return new AlephError("internal", "Internal error", { cause: thrown });
  }
}

/** The JSON-RPC error object (JSON-RPC 2.0 §5.1) for something thrown. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly reason: Reason } & Readonly<Record<string, unknown>>;
}

/** Secrets are masked here once more: what a vendor's error quotes is not known when it is thrown. */
export function toRpcError(thrown: unknown): RpcError {
  const error = AlephError.from(thrown);
  const data = maskSecrets(error.data) as Record<string, unknown>;
  return { code: ERRORS[error.reason].rpc, message: maskText(error.message), data: { ...data, reason: error.reason } };
}

/** The other direction, for clients. An unknown reason becomes `internal`. */
export function fromRpcError(error: { code: number; message: string; data?: unknown }): AlephError {
  const data = typeof error.data === "object" && error.data !== null ? (error.data as Record<string, unknown>) : {};
  const reason = typeof data.reason === "string" && isReason(data.reason) ? data.reason : "internal";
  return new AlephError(reason, error.message, { data });
}
